/** Who is here: one card a person, in the order of arrival. */
import type { Client } from '../../client.ts';
import type { Person } from '../../events.ts';
import { byId, setText } from './dom.ts';
import { PersonCard } from './person-card.ts';

export class PeoplePanel {
  readonly #cards = new Map<string, PersonCard>();
  readonly #list = byId('cards');

  show(people: readonly Person[]): void {
    const severalCameras = new Set(people.map(({ camera }) => camera)).size > 1;
    const here = new Set(people.map(({ id }) => id));
    for (const [id, card] of this.#cards) {
      if (here.has(id)) continue;
      this.#cards.delete(id);
      card.root.remove();
    }
    for (const person of people) {
      let card = this.#cards.get(person.id);
      if (!card) {
        card = new PersonCard(person.id);
        this.#cards.set(person.id, card);
        this.#list.append(card.root);
      }
      card.update(person, severalCameras);
    }
    setText(byId('count'), String(people.length));
    byId('nobody').hidden = people.length > 0;
  }

  /** Call once a second: fetches what is held back, while a card asks for it. */
  async refreshReasons(client: Client): Promise<void> {
    if (![...this.#cards.values()].some((card) => card.wantsReasons)) return;
    for (const { id, whyNot } of await client.people()) {
      const card = this.#cards.get(id);
      if (card?.wantsReasons) card.showReasons(whyNot);
    }
  }
}
