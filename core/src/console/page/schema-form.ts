/** A form made from a JSON Schema of an object: one field a property, faults beside the field they belong to. */
import { el, setText } from './dom.ts';

/** The part of JSON Schema that fields are made from. Anything else is edited as JSON. */
interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly secret?: boolean;
  readonly format?: string;
  /** Of a text of several lines, as a certificate. */
  readonly contentMediaType?: string;
}

interface Field {
  readonly root: HTMLElement;
  readonly fault: HTMLElement;
  /** Undefined leaves the property out. Throws with a sentence when what stands there cannot be read. */
  value(): unknown;
}

export class SchemaForm {
  readonly root: HTMLElement;
  readonly #fields = new Map<string, Field>();
  readonly #general = el('p', { class: 'problem', role: 'alert', hidden: true });

  constructor(schema: unknown, value: unknown) {
    const { properties = {}, required = [] } = (schema ?? {}) as Schema;
    const given = (value ?? {}) as Readonly<Record<string, unknown>>;
    for (const [name, property] of Object.entries(properties)) this.#fields.set(name, createField(name, property, given[name], required.includes(name)));
    this.root = el('div', { class: 'form' }, ...[...this.#fields.values()].map(({ root }) => root), this.#general);
  }

  get isEmpty(): boolean {
    return this.#fields.size === 0;
  }

  /** What is written, or undefined when a field cannot be read: then it says why. */
  read(): Record<string, unknown> | undefined {
    this.showFaults([]);
    const value: Record<string, unknown> = {};
    const faults: string[] = [];
    for (const [name, field] of this.#fields) {
      try {
        const read = field.value();
        if (read !== undefined) value[name] = read;
      } catch (fault) {
        faults.push(`${name}: ${(fault as Error).message}`);
      }
    }
    this.showFaults(faults);
    return faults.length > 0 ? undefined : value;
  }

  /** Lines of the form `path: what was expected`. */
  showFaults(faults: readonly string[]): void {
    for (const { fault } of this.#fields.values()) show(fault, '');
    const general: string[] = [];
    for (const line of faults) {
      const field = this.#fields.get(/^[^.:[]+/.exec(line)?.[0] ?? '');
      if (field) show(field.fault, [field.fault.textContent, line].filter(Boolean).join('; '));
      else general.push(line);
    }
    show(this.#general, general.join('; '));
  }
}

function show(element: HTMLElement, text: string): void {
  setText(element, text);
  element.hidden = text === '';
}

let lastId = 0;

function createField(name: string, schema: Schema, value: unknown, isRequired: boolean): Field {
  lastId += 1;
  const id = `field-${lastId}`;
  const { input, read } = createInput(schema, value, isRequired);
  input.id = id;
  input.setAttribute('name', name);
  const fault = el('p', { class: 'problem', role: 'alert', id: `${id}-fault`, hidden: true });
  input.setAttribute('aria-describedby', `${id}-note ${id}-fault`);
  const note = el('p', { class: 'muted', id: `${id}-note` }, schema.description ?? '');
  note.hidden = note.textContent === '';
  const label = el('label', { for: id }, schema.title ?? name);
  const isCheck = input instanceof HTMLInputElement && input.type === 'checkbox';
  const line = isCheck ? el('div', { class: 'row' }, input, label) : el('div', { class: 'field-line' }, label, input);
  return { root: el('div', { class: 'field' }, line, note, fault), fault, value: read };
}

type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function createInput(schema: Schema, value: unknown, isRequired: boolean): { input: Input; read: () => unknown } {
  const choices = schema.enum ?? schema.anyOf?.map((member) => member.const);
  if (choices?.every((choice) => choice !== undefined)) {
    const input = el('select', {}, ...choices.map((choice, i) => el('option', { value: String(i), selected: choice === value }, String(choice))));
    if (!isRequired) input.prepend(el('option', { value: '', selected: value === undefined }, '(not set)'));
    return { input, read: () => (input.value === '' ? undefined : choices[Number(input.value)]) };
  }
  if (schema.type === 'boolean') {
    const input = el('input', { type: 'checkbox', checked: value === true });
    return { input, read: () => input.checked };
  }
  if (schema.type === 'number' || schema.type === 'integer') {
    const bound = (limit: number | undefined) => (limit === undefined ? undefined : String(limit));
    const input = el('input', {
      type: 'number',
      step: schema.type === 'integer' ? '1' : 'any',
      min: bound(schema.minimum),
      max: bound(schema.maximum),
      value: value === undefined ? '' : String(value),
    });
    return { input, read: () => readNumber(input) };
  }
  if (schema.type === 'string') {
    const isSecret = schema.secret === true || schema.format === 'password';
    const text = value === undefined ? '' : String(value);
    // A field of one line would take the line ends out of what stands in it.
    const isLong = !isSecret && (schema.contentMediaType !== undefined || text.includes('\n'));
    const input = isLong
      ? el('textarea', { rows: '4', spellcheck: 'false', class: 'mono' }, text)
      : el('input', { type: isSecret ? 'password' : 'text', autocomplete: 'off', spellcheck: 'false', value: text });
    return { input, read: () => (input.value === '' && !isRequired ? undefined : input.value) };
  }
  const input = el('textarea', { rows: '4', spellcheck: 'false', class: 'mono' }, value === undefined ? '' : JSON.stringify(value, null, 2));
  return { input, read: () => (input.value.trim() === '' ? undefined : readJson(input.value)) };
}

function readNumber(input: HTMLInputElement): number | undefined {
  if (input.validity.badInput) throw new Error('expected a number');
  return input.value === '' ? undefined : input.valueAsNumber;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (fault) {
    throw new Error(`expected JSON: ${(fault as Error).message}`);
  }
}
