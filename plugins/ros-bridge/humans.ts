/** Who is here, as ROS4HRI's topics: told when something changes, and again each second, for who comes later. */

import type { MessageName } from './hri-msgs.ts';
import { messageTypes } from './hri-msgs.ts';
import { type Content, contentsOf, faceId, personId, type SeenPerson } from './messages.ts';
import type { Publication } from './rosbridge.ts';

export interface HumansOptions {
  /** 1 or 2: headers and names of types differ. */
  readonly ros: 1 | 2;
  /** As `/humans`. */
  readonly namespace: string;
  /** Empty: the name of the camera. */
  readonly frameId: string;
  readonly negativeAs: string;
}

/** What they are told to. */
export interface Publisher {
  readonly isBusy: boolean;
  publish(publication: Publication): void;
  unadvertise(topic: string): void;
}

const repeatMs = 1000;
const lists: ReadonlyArray<readonly [topic: string, ids: (people: readonly SeenPerson[]) => string[]]> = [
  ['persons/tracked', (people) => people.filter(isSeen).map(({ id }) => personId(id))],
  ['persons/known', (people) => people.map(({ id }) => personId(id))],
  ['faces/tracked', (people) => people.filter(isSeen).map(({ id }) => faceId(id))],
];

export class Humans {
  readonly #options: HumansOptions;
  readonly #publisher: Publisher;
  #people: readonly SeenPerson[] = [];
  /** By topic, and by person where several share one. */
  readonly #told = new Map<string, { readonly text: string; readonly atMs: number }>();
  readonly #sequences = new Map<string, number>();
  #skipped = 0;

  constructor(options: HumansOptions, publisher: Publisher) {
    this.#options = options;
    this.#publisher = publisher;
  }

  /** Frames that came while there was no connection, or too much waited to be sent. */
  get skipped(): number {
    return this.#skipped;
  }

  get count(): number {
    return this.#people.length;
  }

  /** Everybody at one camera, as `onPeople` has it. */
  see(people: readonly SeenPerson[], camera: string): void {
    const others = this.#people.filter((person) => person.camera !== camera);
    const here = new Set(people.map(({ id }) => id));
    const gone = this.#people.filter(({ id, camera: at }) => at === camera && !here.has(id));
    this.#people = [...others, ...people];
    for (const { id } of gone) this.#forget(id);
    if (this.#publisher.isBusy) {
      this.#skipped += 1;
      return;
    }
    const frameId = this.#options.frameId || camera;
    for (const [topic, ids] of lists) this.#tell({ topic, type: 'hri_msgs/IdsList', fields: { ids: ids(this.#people) }, isLatched: true }, frameId);
    for (const person of people) {
      for (const content of contentsOf(person, this.#options.negativeAs)) this.#tell(content, frameId, person.id);
    }
  }

  /** On a new connection: all is told anew. */
  tellAll(): void {
    this.#told.clear();
    for (const camera of new Set(this.#people.map((person) => person.camera)))
      this.see(
        this.#people.filter((person) => person.camera === camera),
        camera,
      );
  }

  /** Nobody is here any more, as far as the robot is told. */
  clear(): void {
    for (const camera of new Set(this.#people.map((person) => person.camera))) this.see([], camera);
  }

  #tell({ topic, type, fields, isLatched, isBlank = false }: Content, frameId: string, id = ''): void {
    const key = `${topic} ${topic.startsWith('interactions/') ? id : ''}`;
    const told = this.#told.get(key);
    const text = JSON.stringify(fields);
    const nowMs = performance.now();
    if (told ? told.text === text && nowMs - told.atMs < repeatMs : isBlank) return;
    this.#told.set(key, { text, atMs: nowMs });
    const message = 'header' in messageTypes[type].fields ? { header: this.#header(topic, frameId), ...fields } : fields;
    this.#publisher.publish({ topic: this.#full(topic), type: this.#typeName(type), message, isLatched });
  }

  /** `seq` and the names in `stamp` are those of the ROS. */
  #header(topic: string, frameId: string): object {
    const wallMs = Date.now();
    const [seconds, nanoseconds] = [Math.floor(wallMs / 1000), (wallMs % 1000) * 1_000_000];
    if (this.#options.ros === 2) return { stamp: { sec: seconds, nanosec: nanoseconds }, frame_id: frameId };
    const seq = this.#sequences.get(topic) ?? 0;
    this.#sequences.set(topic, (seq + 1) % 2 ** 32);
    return { seq, stamp: { secs: seconds, nsecs: nanoseconds }, frame_id: frameId };
  }

  #typeName(type: MessageName): string {
    return this.#options.ros === 1 ? type : type.replace('/', '/msg/');
  }

  #full(topic: string): string {
    return `${this.#options.namespace}/${topic}`;
  }

  #forget(id: string): void {
    const own = [`persons/${personId(id)}/`, `faces/${faceId(id)}/`];
    for (const key of [...this.#told.keys()]) {
      const [topic = '', whose] = key.split(' ');
      if (whose === id) this.#told.delete(key);
      if (!own.some((start) => topic.startsWith(start))) continue;
      this.#told.delete(key);
      this.#sequences.delete(topic);
      this.#publisher.unadvertise(this.#full(topic));
    }
  }
}

function isSeen({ state }: SeenPerson): boolean {
  return state === 'present';
}
