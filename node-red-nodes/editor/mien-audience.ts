import { labelOf, labelStyle } from './shared/dialog.ts';

RED.nodes.registerType('mien-audience', {
  category: 'mien',
  color: '#8fb8a8',
  label: labelOf('mien-audience'),
  labelStyle,
  defaults: {
    name: { value: '' },
    host: { value: '', type: 'mien-host', required: true },
  },
  inputs: 1,
  outputs: 1,
  icon: 'font-awesome/fa-bar-chart',
});
