import { look } from './shared/dialog.ts';

RED.nodes.registerType('mien-audience', {
  ...look('mien-audience'),
  defaults: {
    name: { value: '' },
    host: { value: '', type: 'mien-host', required: true },
  },
  inputs: 1,
  outputs: 1,
  icon: 'font-awesome/fa-bar-chart',
});
