RED.nodes.registerType('mien-host', {
  category: 'config',
  defaults: {
    name: { value: '' },
    mode: { value: 'here' },
    command: { value: '' },
    url: { value: '' },
    profile: { value: 'kiosk' },
    extra: { value: '' },
  },
  credentials: { token: { type: 'password' } },
  label() {
    return this.name || (this['mode'] === 'connect' ? `Mien: ${this['url']}` : 'Mien');
  },
});
