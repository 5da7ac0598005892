import { chooseFirst, fault, labelOf, labelStyle, numberWithin, told } from './shared/dialog.ts';

const words = ['bands', 'genders', 'expressions', 'zones', 'engagements', 'cameras', 'attention'];
const numbers = ['ageMin', 'ageMax', 'nearerM', 'leastQuality'];

/** Words, of which "unknown" is none: it never matches. */
function named(this: EditorNode, value: unknown, options?: unknown): boolean | string {
  const isFine = !String(value ?? '')
    .split(',')
    .some((word) => word.trim() === 'unknown');
  return isFine || fault(this, options, 'mien-filter.check.unknown');
}

/** Without any condition everybody would match. */
function someCondition(this: EditorNode, value: unknown, options?: unknown): boolean | string {
  const isSet = [...words, ...numbers].some((name) => String(told(this, name) ?? '').trim() !== '');
  return isSet || value === undefined || fault(this, options, 'mien-filter.check.none');
}

RED.nodes.registerType('mien-filter', {
  category: 'mien',
  color: '#8fb8a8',
  label: labelOf('mien-filter'),
  labelStyle,
  defaults: {
    name: { value: '' },
    combine: { value: 'all', validate: someCondition },
    ageMin: { value: '', validate: numberWithin(0, 120) },
    ageMax: { value: '', validate: numberWithin(0, 120) },
    bands: { value: '', validate: named },
    genders: { value: '', validate: named },
    expressions: { value: '', validate: named },
    leastP: { value: '', validate: numberWithin(0, 1) },
    zones: { value: '', validate: named },
    nearerM: { value: '', validate: numberWithin(0, 100) },
    engagements: { value: '', validate: named },
    attention: { value: '' },
    cameras: { value: '', validate: named },
    leastQuality: { value: '', validate: numberWithin(0, 1) },
    sendEmpty: { value: true },
  },
  inputs: 1,
  outputs: 2,
  icon: 'font-awesome/fa-filter',
  oneditprepare: chooseFirst,
  outputLabels(index) {
    return this._(index === 0 ? 'mien-filter.output.match' : 'mien-filter.output.rest');
  },
});
