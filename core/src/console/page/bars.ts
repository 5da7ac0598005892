/** The bars of a card: a share, and an interval of years. */
import { el, setText } from './dom.ts';
import { percent } from './words.ts';

const oldestYears = 90;

/** Labelled shares of one distribution, as expression or gender. */
export class ShareBars {
  readonly root = el('div', { class: 'shares' });
  readonly #rows = new Map<string, { row: HTMLElement; fill: HTMLElement; value: HTMLElement }>();

  /** `stable`: drawn full, otherwise as settling. */
  show(shares: Readonly<Record<string, number>>, leader: string | undefined): void {
    for (const [label, { row }] of this.#rows) if (!(label in shares)) this.#remove(label, row);
    for (const [label, share] of Object.entries(shares)) {
      const { row, fill, value } = this.#rows.get(label) ?? this.#add(label);
      fill.style.width = `${share * 100}%`;
      row.classList.toggle('leader', label === leader);
      setText(value, percent(share));
    }
  }

  #add(label: string): { row: HTMLElement; fill: HTMLElement; value: HTMLElement } {
    const fill = el('span', { class: 'fill', 'data-label': label });
    const value = el('span', { class: 'share-value' });
    const row = el('div', { class: 'share' }, el('span', { class: 'share-label' }, label), el('span', { class: 'track', 'aria-hidden': 'true' }, fill), value);
    const parts = { row, fill, value };
    this.#rows.set(label, parts);
    this.root.append(row);
    return parts;
  }

  #remove(label: string, row: HTMLElement): void {
    this.#rows.delete(label);
    row.remove();
  }
}

/** The interval that holds the age with 90 %, and the mean, on a scale of 0 to 90 years. */
export class AgeBar {
  readonly root: HTMLElement;
  readonly #range = el('span', { class: 'range' });
  readonly #mean = el('span', { class: 'mean' });

  constructor() {
    const ticks = [0, 30, 60, 90].map((years) => el('span', {}, String(years)));
    this.root = el(
      'div',
      { class: 'age-bar', 'aria-hidden': 'true' },
      el('span', { class: 'track' }, this.#range, this.#mean),
      el('span', { class: 'ticks' }, ...ticks),
    );
  }

  show(years: number, p05: number, p95: number): void {
    const at = (value: number): number => (Math.min(Math.max(value, 0), oldestYears) / oldestYears) * 100;
    this.#range.style.left = `${at(p05)}%`;
    this.#range.style.width = `${at(p95) - at(p05)}%`;
    this.#mean.style.left = `${at(years)}%`;
  }
}
