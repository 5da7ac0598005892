import { field, look, namesOf, offerFromHost } from './shared/dialog.ts';

RED.nodes.registerType('mien-people', {
  ...look('mien-people'),
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
