import { type ConditionRow, isCondition, showConditions, shownConditions } from './shared/condition-rows.ts';
import { fault, field, labelOf, labelStyle, numberWithin } from './shared/dialog.ts';

const listOf = <T>(value: unknown): readonly T[] => (Array.isArray(value) ? value : []);
const typesOf = (node: EditorNode): readonly string[] => listOf(node['types']);

/** What leaves by each output where types have their own. */
const outputsOf = (types: readonly string[], tellGaps: unknown): string[] => [...types, ...(tellGaps ? ['gap'] : [])];

RED.nodes.registerType('mien-events', {
  category: 'mien',
  color: '#8fb8a8',
  label: labelOf('mien-events'),
  labelStyle,
  defaults: {
    name: { value: '' },
    host: { value: '', type: 'mien-host', required: true },
    types: { value: [] },
    cameras: { value: '' },
    conditions: {
      value: [],
      validate(value, options) {
        return listOf<ConditionRow>(value).every(isCondition) || fault(this, options, 'mien-events.check.condition');
      },
    },
    debounceMs: { value: '', validate: numberWithin(0, 60_000) },
    mostPerSecond: { value: '', validate: numberWithin(0, 10_000) },
    split: {
      value: 'one',
      validate(value, options) {
        return value !== 'each' || typesOf(this).length > 0 || fault(this, options, 'mien-events.check.split');
      },
    },
    tellGaps: { value: true },
    outputs: { value: 1 },
  },
  inputs: 0,
  outputs: 1,
  icon: 'font-awesome/fa-bolt',
  outputLabels(index) {
    return this['split'] === 'each' ? (outputsOf(typesOf(this), this['tellGaps'])[index] ?? '') : '';
  },
  oneditprepare() {
    const chosen = new Set(typesOf(this));
    for (const option of choices()) option.selected = chosen.has(option.value);
    showConditions(listOf<ConditionRow>(this['conditions']), (part) => this._(`mien-events.placeholder.${part}`));
  },
  oneditsave() {
    const chosen = choices()
      .filter(({ selected }) => selected)
      .map(({ value }) => value);
    const split = field<HTMLSelectElement>('split').value;
    const before = outputsOf(typesOf(this), this['tellGaps']);
    const after = outputsOf(chosen, field('tellGaps').checked);
    // Wires follow their type to its new place.
    if (split !== 'each') field('outputs').value = '1';
    else if (this['split'] !== 'each') field('outputs').value = String(after.length);
    else field('outputs').value = JSON.stringify(movesOf(before, after));
    this['types'] = chosen;
    this['conditions'] = shownConditions();
  },
});

/** As the editor takes it: the new place of each former output, -1 for none; other keys for new ones. */
function movesOf(before: readonly string[], after: readonly string[]): Record<string, number> {
  const kept = before.map((name, n) => [String(n), after.indexOf(name)] as const);
  const fresh = after.flatMap((name, n) => (before.includes(name) ? [] : [[`new-${n}`, n] as const]));
  return Object.fromEntries([...kept, ...fresh]);
}

function choices(): HTMLOptionElement[] {
  return [...document.querySelectorAll<HTMLOptionElement>('#mien-events-types option')];
}
