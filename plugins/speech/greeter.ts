/** What is said of its own accord: which moment, to whom, and to nobody twice. */
import { compileTemplate, type Template } from '../shared/template.ts';
import type { Greeting } from './options.ts';

export type Moment = Greeting['on'];

interface Rule {
  readonly index: number;
  readonly on: Moment;
  readonly template: Template;
  readonly language: string;
}

export interface Words {
  readonly text: string;
  readonly language: string;
}

/** People whose leaving never came: they are forgotten, oldest first. */
const MOST_PEOPLE = 1000;

export class Greeter {
  readonly #rules: readonly Rule[];
  /** By person: what was said to them. */
  readonly #told = new Map<string, Set<number>>();

  constructor(greetings: readonly Greeting[], language: string) {
    this.#rules = greetings.map((greeting, index) => ({
      index,
      on: greeting.on,
      template: compileTemplate(greeting.text),
      language: greeting.language ?? language,
    }));
  }

  /** What is always the same. */
  get fixed(): readonly Words[] {
    return this.#rules.filter(({ template }) => template.fields.length === 0).map(({ template, language }) => ({ text: template.fill({}), language }));
  }

  get moments(): ReadonlySet<Moment> {
    return new Set(this.#rules.map(({ on }) => on));
  }

  /** All that is to be said now, each once a person. `data`: of the event. */
  at(moment: Moment, person: string, data: object): Words[] {
    const told = this.#told.get(person) ?? new Set();
    const due = this.#rules.filter(({ on, index }) => on === moment && !told.has(index));
    for (const { index } of due) told.add(index);
    if (due.length > 0) this.#told.set(person, told);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MOST_PEOPLE) break;
      this.#told.delete(oldest);
    }
    return due.map(({ template, language }) => ({ text: template.fill(data), language }));
  }

  forget(person: string): void {
    this.#told.delete(person);
  }
}
