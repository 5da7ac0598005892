import { field, labelOf, labelStyle, namesOf, offerFromHost } from './shared/dialog.ts';

RED.nodes.registerType('mien-people', {
  category: 'mien',
  color: '#8fb8a8',
  label: labelOf('mien-people'),
  labelStyle,
  defaults: {
    name: { value: '' },
    host: { value: '', type: 'mien-host', required: true },
    camera: { value: '' },
  },
  inputs: 1,
  outputs: 1,
  icon: 'font-awesome/fa-users',
  oneditprepare() {
    offerFromHost(field('camera'), field<HTMLSelectElement>('host'), 'cameras', namesOf);
  },
});
