const types = (node: EditorNode): string[] => (Array.isArray(node['types']) ? (node['types'] as string[]) : []);

RED.nodes.registerType('mien-events', {
  category: 'mien',
  color: '#8fb8a8',
  defaults: {
    name: { value: '' },
    host: { value: '', type: 'mien-host', required: true },
    types: { value: [] },
    cameras: { value: '' },
    conditions: { value: [] },
    debounceMs: { value: '' },
    mostPerSecond: { value: '' },
    split: { value: 'one' },
    tellGaps: { value: true },
    outputs: { value: 1 },
  },
  inputs: 0,
  outputs: 1,
  icon: 'font-awesome/fa-bolt',
  label() {
    return this.name || 'mien-events';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  outputLabels(index) {
    if (this['split'] !== 'each') return '';
    return types(this)[index] ?? 'gap';
  },
  oneditprepare() {
    const chosen = new Set(types(this));
    for (const option of choices()) option.selected = chosen.has(option.value);
  },
  oneditsave() {
    const chosen = choices()
      .filter(({ selected }) => selected)
      .map(({ value }) => value);
    this['types'] = chosen;
    const split = document.querySelector<HTMLSelectElement>('#node-input-split')?.value;
    const gaps = document.querySelector<HTMLInputElement>('#node-input-tellGaps')?.checked;
    this['outputs'] = split === 'each' ? chosen.length + (gaps ? 1 : 0) : 1;
  },
});

function choices(): HTMLOptionElement[] {
  return [...document.querySelectorAll<HTMLOptionElement>('#mien-events-types option')];
}
