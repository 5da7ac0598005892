/** Who is at which camera now, as far as the states need it: how many, and how many of them look. */

/** Of a person, what may be absent. */
export interface Somebody {
  readonly id: string;
  readonly attention?: { readonly state: string };
}

export interface Counts {
  readonly people: number;
  /** Undefined where attention was not granted. */
  readonly watchers: number | undefined;
}

export class PeopleAtCameras {
  readonly #seesAttention: boolean;
  /** Camera, person, whether they look. */
  readonly #cameras = new Map<string, Map<string, boolean>>();

  constructor(seesAttention: boolean) {
    this.#seesAttention = seesAttention;
  }

  get cameras(): readonly string[] {
    return [...this.#cameras.keys()];
  }

  know(camera: string): void {
    if (!this.#cameras.has(camera)) this.#cameras.set(camera, new Map());
  }

  here(camera: string, person: Somebody): void {
    this.know(camera);
    this.#cameras.get(camera)?.set(person.id, person.attention?.state === 'attending');
  }

  left(camera: string, id: string): void {
    this.know(camera);
    this.#cameras.get(camera)?.delete(id);
  }

  /** The truth, from time to time: what events were lost does not matter then. */
  all(camera: string, people: readonly Somebody[]): void {
    this.#cameras.set(camera, new Map(people.map(({ id, attention }) => [id, attention?.state === 'attending'])));
  }

  at(camera: string): Counts {
    const here = this.#cameras.get(camera) ?? new Map<string, boolean>();
    return { people: here.size, watchers: this.#seesAttention ? [...here.values()].filter(Boolean).length : undefined };
  }
}
