import { chooseFirst, fault, field, labelOf, labelStyle, told } from './shared/dialog.ts';

const example = `name: visit
loop: true
people:
  - { id: anna, enterS: 1, leaveS: 19, age: 34, gender: female, expression: [{ atS: 8, label: positive }, { atS: 11, label: neutral }] }
  - { id: bert, enterS: 6, leaveS: 16, age: 61, gender: male }
`;

/** What is to be played at the start must be there; Mien checks what it says. */
function written(this: EditorNode, value: unknown, options?: unknown): boolean | string {
  return told(this, 'onStart') !== true || String(value ?? '').trim() !== '' || fault(this, options, 'mien-simulate.check.empty');
}

RED.nodes.registerType('mien-simulate', {
  category: 'mien',
  color: '#8fb8a8',
  label: labelOf('mien-simulate'),
  labelStyle,
  defaults: {
    name: { value: '' },
    host: { value: '', type: 'mien-host', required: true },
    action: { value: 'play' },
    scenario: { value: example, validate: written },
    onStart: { value: false },
  },
  inputs: 1,
  outputs: 1,
  icon: 'font-awesome/fa-street-view',
  oneditprepare() {
    chooseFirst();
    field<HTMLTextAreaElement>('scenario').spellcheck = false;
  },
});
