/** Which cameras nodes require, each once by its name. */
import type { CameraWish } from '../host-connection.ts';
import { NodeFault } from '../node-fault.ts';

export class CameraWishes {
  readonly #held = new Map<string, { readonly wish: CameraWish; users: number }>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** In the order of their names, each with its settings in theirs, so that the same cameras are the same text. */
  get list(): readonly CameraWish[] {
    return [...this.#held.values()].map(({ wish }) => wish).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Errors: INPUT_INVALID when another camera has the name. */
  require(wish: CameraWish): Disposable {
    const ordered = Object.fromEntries(Object.entries(wish).sort(([a], [b]) => (a < b ? -1 : 1))) as CameraWish;
    const held = this.#held.get(wish.name) ?? { wish: ordered, users: 0 };
    if (JSON.stringify(held.wish) !== JSON.stringify(ordered)) {
      throw new NodeFault('INPUT_INVALID', `two cameras are named "${wish.name}" and differ in their settings: give each its own name`);
    }
    held.users += 1;
    this.#held.set(wish.name, held);
    if (held.users === 1) this.#onChange();
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        held.users -= 1;
        if (held.users > 0) return;
        this.#held.delete(wish.name);
        this.#onChange();
      },
    };
  }
}
