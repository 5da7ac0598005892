/** The events, newest first, each with its why in words. */

import { eventName } from '../../event-name.ts';
import type { MienEvent } from '../../events.ts';
import { describeEvent } from '../../events-text.ts';
import { byId, el, fact } from './dom.ts';
import { whyWords } from './words.ts';

const most = 150;
const kinds = {
  All: () => true,
  People: (name: string) => name.startsWith('person.'),
  Attention: (name: string) => name.startsWith('attention.'),
  Expression: (name: string) => name.startsWith('emotion.'),
  Device: (name: string) => !/^(person|attention|emotion)\./.test(name),
} as const;
type Kind = keyof typeof kinds;

export class FeedPanel {
  readonly #list = byId('events');
  readonly #live = byId('live');
  #kind: Kind = 'All';

  constructor() {
    const buttons = (Object.keys(kinds) as Kind[]).map((kind) =>
      el('button', { type: 'button', class: 'chip', 'aria-pressed': String(kind === 'All'), click: () => this.#filter(kind, buttons) }, kind),
    );
    byId('feed-filter').append(...buttons);
  }

  add(event: MienEvent, fresh: boolean): void {
    const name = eventName(event);
    const item = entry(event, name);
    item.hidden = !kinds[this.#kind](name);
    this.#list.prepend(item);
    while (this.#list.children.length > most) this.#list.lastElementChild?.remove();
    byId('no-events').hidden = true;
    if (fresh && (name === 'person.appeared' || name === 'person.left')) this.#live.textContent = `${who(event)} ${sentence(event)}`;
  }

  /** Says in the list that events are missing here. */
  addGap(words: string): void {
    this.#list.prepend(el('li', { class: 'gap' }, words));
  }

  #filter(kind: Kind, buttons: readonly HTMLButtonElement[]): void {
    this.#kind = kind;
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.textContent === kind));
    for (const item of this.#list.children) {
      const name = (item as HTMLElement).dataset['name'];
      (item as HTMLElement).hidden = name !== undefined && !kinds[kind](name);
    }
  }
}

function entry(event: MienEvent, name: string): HTMLLIElement {
  const { clock } = event.data;
  const time = el('time', { datetime: event.time, class: 'mono' }, new Date(event.time).toLocaleTimeString([], { hour12: false }));
  const summary = el(
    'summary',
    {},
    el('span', { class: 'dot', 'data-kind': toneOf(event, name), 'aria-hidden': 'true' }),
    time,
    el('span', { class: 'what' }, el('strong', {}, who(event)), ` ${sentence(event)}`),
  );
  const details = el('details', {}, summary);
  // Filled when first opened: most never are.
  details.addEventListener('toggle', () => details.append(whyList(event, name, clock)), { once: true });
  return el('li', { 'data-name': name, 'data-sequence': event.sequence }, details);
}

function whyList(event: MienEvent, name: string, clock: MienEvent['data']['clock']): HTMLElement {
  const { why } = event.data;
  const thresholds = Object.entries(why.thresholds).map(([key, value]) => `${key} ${value}`);
  const facts = [fact('Event', `${name}, number ${Number(event.sequence)}`), fact('Rule', why.rule), fact('Held', `${Math.round(why.heldMs)} ms`)];
  if (thresholds.length > 0) facts.push(fact('Thresholds', thresholds.join(', ')));
  if ('origin' in event.data) {
    const { model, backend, degraded, degradedReason, simulated } = event.data.origin;
    const notes = [degraded && `degraded${degradedReason ? `: ${degradedReason}` : ''}`, simulated && 'simulated'].filter(Boolean);
    facts.push(fact('Origin', [`${model} on ${backend}`, ...notes].join(', ')));
  }
  facts.push(fact('Captured', `${Math.round(clock.capturedMonoMs)} ms${clock.wallTrusted ? '' : ', calendar time not trusted'}`));
  return el('div', { class: 'why' }, el('p', {}, whyWords(why)), el('dl', { class: 'facts' }, ...facts));
}

/** The terminal's columns, run together. */
function sentence(event: MienEvent): string {
  return describeEvent(event).replaceAll('  ', ', ').replaceAll(' %', '\u00a0%');
}

function who(event: MienEvent): string {
  return event.subject.replace(/^person\//, '').replace('/', ' ');
}

function toneOf(event: MienEvent, name: string): string {
  if (name === 'person.appeared') return 'arrive';
  if (name === 'person.left') return 'leave';
  if (name.endsWith('.lost') || name.endsWith('.degraded') || ('passed' in event.data && !event.data.passed)) return 'bad';
  return name.split('.')[0] ?? '';
}
