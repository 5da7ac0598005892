import { chooseFirst, field, labelOf, labelStyle, namesOf, offerFromHost, showRowsFor } from './shared/dialog.ts';

RED.nodes.registerType('mien-model', {
  category: 'mien',
  color: '#8fb8a8',
  label: labelOf('mien-model'),
  labelStyle,
  defaults: {
    name: { value: '' },
    host: { value: '', type: 'mien-host', required: true },
    action: { value: 'list' },
    model: { value: '' },
    release: { value: '' },
    precision: { value: '' },
  },
  inputs: 1,
  outputs: 1,
  icon: 'font-awesome/fa-sitemap',
  oneditprepare() {
    chooseFirst();
    const action = field<HTMLSelectElement>('action');
    showRowsFor(action, action.closest('form') ?? document);
    offerFromHost(field('model'), field<HTMLSelectElement>('host'), 'models', namesOf);
  },
});
