/** One person as a card, changed in place as the snapshots come. */
import type { Person } from '../../events.ts';
import type { HeldBack } from '../people-view.ts';
import { AgeBar, ShareBars } from './bars.ts';
import { el, setText, setTone } from './dom.ts';
import { abstainWords, percent, span, wholeSeconds } from './words.ts';

export class PersonCard {
  readonly root: HTMLLIElement;
  readonly #state = el('span', { class: 'pill' });
  readonly #returned = el('span', { class: 'pill', 'data-tone': 'quiet' }, 'returned');
  readonly #since = el('span', { class: 'muted' });
  readonly #camera = el('span', { class: 'muted' });
  readonly #age = el('span', { class: 'value' });
  readonly #ageBar = new AgeBar();
  readonly #gender = el('span', { class: 'value' });
  readonly #genderBars = new ShareBars();
  readonly #expression = el('span', { class: 'value' });
  readonly #expressionBars = new ShareBars();
  readonly #place = el('dd');
  readonly #attention = el('dd');
  readonly #engagement = el('dd');
  readonly #reasons = el('ul', { class: 'reasons' });
  readonly #whyNot: HTMLDetailsElement;
  readonly #rows: Record<'age' | 'gender' | 'expression', HTMLElement>;

  constructor(id: string) {
    const attribute = (name: string, value: HTMLElement, bars: HTMLElement): HTMLElement =>
      el('div', { class: 'attribute' }, el('div', { class: 'attribute-head' }, el('h3', {}, name), value), bars);
    this.#rows = {
      age: attribute('Age', this.#age, this.#ageBar.root),
      gender: attribute('Gender', this.#gender, this.#genderBars.root),
      expression: attribute('Expression', this.#expression, this.#expressionBars.root),
    };
    this.#whyNot = el('details', { class: 'why-not' }, el('summary', {}, 'Why not?'), this.#reasons);
    const term = (name: string, value: HTMLElement): HTMLElement => el('div', { class: 'fact' }, el('dt', {}, name), value);
    this.root = el(
      'li',
      { class: 'card', 'data-person': id },
      el('div', { class: 'card-head' }, el('strong', { class: 'mono' }, id), this.#state, this.#returned),
      el('div', { class: 'card-sub' }, this.#since, this.#camera),
      ...Object.values(this.#rows),
      el('dl', { class: 'facts' }, term('Place', this.#place), term('Attention', this.#attention), term('Engagement', this.#engagement)),
      this.#whyNot,
    );
  }

  /** Asks for the reasons only while somebody reads them. */
  get wantsReasons(): boolean {
    return this.#whyNot.open;
  }

  update(person: Person, severalCameras: boolean): void {
    const present = person.state === 'present';
    setText(this.#state, present ? 'in sight' : 'out of sight');
    setTone(this.#state, present ? 'good' : 'warn');
    this.root.classList.toggle('unseen', !present);
    this.#returned.hidden = !person.returned;
    setText(this.#since, person.sinceMs < 1000 ? 'just came' : `here for ${wholeSeconds(person.sinceMs)}`);
    setText(this.#camera, severalCameras ? `camera ${person.camera}` : '');
    this.#showAge(person.age);
    this.#showGender(person.gender);
    this.#showExpression(person.expression);
    const { m, sd, calibrated } = person.distance;
    setText(this.#place, `${person.zone}, ${calibrated ? '' : 'about '}${m.toFixed(1)} m ± ${sd.toFixed(1)}, ${sideOf(person.bearingDeg)}`);
    const { state, currentMs, totalMs } = person.attention;
    setText(this.#attention, state === 'attending' ? `attending for ${span(currentMs)}, ${span(totalMs)} in all` : `away, ${span(totalMs)} in all`);
    this.#attention.dataset['state'] = state;
    setText(this.#engagement, person.engagement);
  }

  showReasons(reasons: readonly HeldBack[]): void {
    const words = reasons.map(({ what, detail }) => `${what}: ${detail}`);
    if (words.length === 0) words.push('Nothing is held back.');
    while (this.#reasons.children.length > words.length) this.#reasons.lastElementChild?.remove();
    words.forEach((text, index) => {
      const item = this.#reasons.children[index] ?? this.#reasons.appendChild(el('li'));
      setText(item as HTMLElement, text);
    });
  }

  #showAge(age: Person['age']): void {
    this.#rows.age.hidden = age === undefined;
    const isKnown = age !== undefined && 'years' in age;
    this.#ageBar.root.hidden = !isKnown;
    if (!age) return;
    if (isKnown) {
      setText(this.#age, `${Math.round(age.years)} (${Math.round(age.p05)} to ${Math.round(age.p95)})`);
      this.#age.title = 'apparent age, and the interval that holds it with a probability of 90 %';
      this.#ageBar.show(age.years, age.p05, age.p95);
      mark(this.#rows.age, age.stable ? 'stable' : 'settling');
    } else {
      setText(this.#age, abstainWords[age.abstain]);
      mark(this.#rows.age, 'withheld');
    }
  }

  #showGender(gender: Person['gender']): void {
    this.#rows.gender.hidden = gender === undefined;
    const isKnown = gender !== undefined && 'p' in gender;
    this.#genderBars.root.hidden = !isKnown;
    if (!gender) return;
    if (isKnown) {
      setText(this.#gender, `${gender.label}, ${percent(gender.p)}`);
      this.#genderBars.show(bothGenders(gender.label, gender.p), gender.label);
      mark(this.#rows.gender, gender.stable ? 'stable' : 'settling');
    } else {
      setText(this.#gender, abstainWords[gender.abstain]);
      mark(this.#rows.gender, 'withheld');
    }
  }

  #showExpression(expression: Person['expression']): void {
    this.#rows.expression.hidden = expression === undefined;
    const isKnown = expression !== undefined && 'p' in expression;
    this.#expressionBars.root.hidden = !isKnown;
    if (!expression) return;
    if (isKnown) {
      setText(this.#expression, `${expression.label}, ${percent(expression.p)}`);
      this.#expressionBars.show(expression.probs, expression.label);
      mark(this.#rows.expression, expression.stable ? 'stable' : 'settling');
    } else {
      setText(this.#expression, abstainWords[expression.abstain]);
      mark(this.#rows.expression, 'withheld');
    }
  }
}

function mark(row: HTMLElement, state: 'stable' | 'settling' | 'withheld'): void {
  row.dataset['state'] = state;
}

/** The head is binary: what one label lacks, the other has. Always in the same order, so that bars do not jump. */
function bothGenders(label: string, p: number): Record<string, number> {
  return { female: label === 'female' ? p : 1 - p, male: label === 'male' ? p : 1 - p };
}

function sideOf(bearingDeg: number): string {
  if (Math.abs(bearingDeg) < 3) return 'straight ahead';
  return `${Math.round(Math.abs(bearingDeg))}° to the ${bearingDeg > 0 ? 'right' : 'left'}`;
}
