RED.nodes.registerType('mien-people', {
  category: 'mien',
  color: '#8fb8a8',
  defaults: {
    name: { value: '' },
    host: { value: '', type: 'mien-host', required: true },
    camera: { value: '' },
  },
  inputs: 1,
  outputs: 1,
  icon: 'font-awesome/fa-users',
  label() {
    return this.name || 'mien-people';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
});
