/** Virtual people: add somebody, and move their sliders; what follows is Mien's own work. */
import { type Client, ClientError, type SimulatedPerson, type SimulatorStatus } from '../../client.ts';
import { byId, el, setText } from './dom.ts';

interface Slider {
  readonly key: 'distanceM' | 'bearingDeg' | 'age';
  readonly says: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit: string;
}

const sliders: readonly Slider[] = [
  { key: 'distanceM', says: 'Distance', min: 0.4, max: 6, step: 0.1, unit: 'm' },
  { key: 'bearingDeg', says: 'To the side', min: -35, max: 35, step: 1, unit: '°' },
  { key: 'age', says: 'Age', min: 1, max: 90, step: 1, unit: '' },
];
const choices = {
  look: { says: 'Looks', options: ['device', 'left', 'right', 'down', 'away', 'back'] },
  expression: { says: 'Shows', options: ['neutral', 'positive', 'negative'] },
  gender: { says: 'Gender', options: ['female', 'male'] },
} as const;
/** A slider that is dragged sends so often at most. */
const sendEveryMs = 120;

export class SimulatePanel {
  readonly #client: Client;
  readonly #rows = new Map<string, SimulatedRow>();
  readonly #list = el('div', { class: 'simulated' });
  readonly #problem = el('p', { class: 'problem', role: 'alert', hidden: true });
  readonly #end = el('button', { type: 'button', class: 'small', hidden: true, click: () => void this.#act(() => this.#client.endSimulation()) }, 'End all');
  readonly #note = el('p', { class: 'muted' });
  #count = 0;

  constructor(client: Client) {
    this.#client = client;
    const add = el('button', { type: 'button', class: 'small', click: () => void this.#add() }, 'Add a person');
    byId('simulate').replaceChildren(this.#note, this.#list, this.#problem, el('div', { class: 'row' }, add, this.#end));
    this.show(undefined);
  }

  show(status: SimulatorStatus | undefined): void {
    const people = status?.people ?? [];
    const here = new Set(people.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (here.has(id)) continue;
      this.#rows.delete(id);
      row.root.remove();
    }
    for (const person of people) {
      let row = this.#rows.get(person.id);
      if (!row) {
        row = new SimulatedRow(
          person.id,
          (change) => this.#act(() => this.#client.changeSimulated(person.id, change)),
          () => this.#act(() => this.#client.removeSimulated(person.id)),
        );
        this.#rows.set(person.id, row);
        this.#list.append(row.root);
      }
      row.update(person);
    }
    this.#end.hidden = !status?.active;
    const scenario = status?.scenario
      ? ` Scenario "${status.scenario.name}" plays, ${Math.round(status.scenario.atS)} of ${Math.round(status.scenario.lengthS)} s.`
      : '';
    setText(this.#note, `To try what reacts to people without any. Their events say that they are simulated.${scenario}`);
  }

  #add(): Promise<void> {
    this.#count += 1;
    const id = `guest-${Date.now().toString(36)}-${this.#count}`;
    const side = ((this.#rows.size * 17) % 50) - 20;
    const path = [
      { atS: 0, distanceM: 3, bearingDeg: side },
      { atS: 2, distanceM: 1.6, bearingDeg: side },
    ];
    return this.#act(() => this.#client.simulate({ people: [{ id, path }] }));
  }

  async #act(action: () => Promise<SimulatorStatus>): Promise<void> {
    this.#problem.hidden = true;
    try {
      this.show(await action());
    } catch (fault) {
      setText(this.#problem, fault instanceof ClientError ? fault.message : 'Mien does not answer.');
      this.#problem.hidden = false;
    }
  }
}

type Change = Readonly<Record<string, unknown>>;

class SimulatedRow {
  readonly root: HTMLElement;
  readonly #send: (change: Change) => Promise<void>;
  readonly #inputs = new Map<string, HTMLInputElement>();
  readonly #values = new Map<string, HTMLElement>();
  readonly #selects = new Map<string, HTMLSelectElement>();
  #waiting: Record<string, unknown> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string, send: (change: Change) => Promise<void>, remove: () => Promise<void>) {
    this.#send = send;
    this.root = el(
      'div',
      { class: 'device', 'data-simulated': id },
      el('div', { class: 'device-head' }, el('strong', {}, id), el('button', { type: 'button', class: 'small', click: () => void remove() }, 'Remove')),
      ...sliders.map((slider) => this.#slider(id, slider)),
      el('div', { class: 'row' }, ...Object.keys(choices).map((key) => this.#choice(id, key as keyof typeof choices))),
    );
  }

  /** What somebody is moving now is left alone. */
  update(person: SimulatedPerson): void {
    for (const { key, step, unit } of sliders) {
      const input = this.#inputs.get(key);
      const value = this.#values.get(key);
      if (input && document.activeElement !== input) input.value = String(person[key]);
      if (input && value) setText(value, `${Number(input.value).toFixed(step < 1 ? 1 : 0)} ${unit}`);
    }
    for (const key of ['expression', 'gender'] as const) {
      const select = this.#selects.get(key);
      if (select && document.activeElement !== select) select.value = person[key];
    }
  }

  #slider(id: string, { key, says, min, max, step }: Slider): HTMLElement {
    const input = el('input', { type: 'range', id: `${id}-${key}`, min: String(min), max: String(max), step: String(step) });
    const value = el('span', { class: 'slider-value' });
    input.addEventListener('input', () => this.#later({ [key]: input.valueAsNumber }));
    this.#inputs.set(key, input);
    this.#values.set(key, value);
    return el('div', { class: 'slider' }, el('label', { for: `${id}-${key}` }, says), input, value);
  }

  #choice(id: string, key: keyof typeof choices): HTMLElement {
    const { says, options } = choices[key];
    const select = el('select', { class: 'small', 'aria-label': `${says} (${id})` }, ...options.map((option) => el('option', { value: option }, option)));
    select.addEventListener('change', () => this.#later({ [key]: select.value }));
    this.#selects.set(key, select);
    return select;
  }

  #later(change: Change): void {
    Object.assign(this.#waiting, change);
    this.#timer ??= setTimeout(() => {
      const waiting = this.#waiting;
      this.#waiting = {};
      this.#timer = undefined;
      void this.#send(waiting);
    }, sendEveryMs);
  }
}
