/** Snapshots of people for plugins that follow them: the newest only, one under way per camera and plugin. */
import type { Person } from '../../events.ts';
import type { EventBus } from '../event-bus.ts';
import { cameraOf } from '../event-filter.ts';
import type { Snapshot } from './granted-view.ts';

/** Knows when a camera's people have changed, and asks for them once, however many plugins follow. */
export class PeopleSource {
  readonly #people: { current(): readonly Person[] };
  readonly #feeds = new Set<PeopleFeed>();
  readonly #subscriptions: readonly Disposable[];
  /** Of the last asking; emptied by whatever changes. */
  #snapshots = new Map<string, Snapshot>();
  /** Cameras that somebody has left, where no frame has said so yet. */
  readonly #departed = new Set<string>();
  #turn: NodeJS.Immediate | undefined;

  constructor(bus: EventBus, people: { current(): readonly Person[] }) {
    this.#people = people;
    this.#subscriptions = [
      bus.subscribeObserved((camera) => this.#changed(camera), 'plugins'),
      bus.subscribe({ types: ['person.left'] }, (event) => this.#left(cameraOf(event)), 'plugins'),
    ];
  }

  add(feed: PeopleFeed): void {
    this.#feeds.add(feed);
  }

  delete(feed: PeopleFeed): void {
    this.#feeds.delete(feed);
  }

  snapshot(camera: string): Snapshot {
    let snapshot = this.#snapshots.get(camera);
    if (snapshot) return snapshot;
    const people = this.#people.current();
    for (const name of new Set(people.map((person) => person.camera))) {
      if (!this.#snapshots.has(name)) this.#snapshots.set(name, { camera: name, people: people.filter((person) => person.camera === name) });
    }
    snapshot = this.#snapshots.get(camera) ?? { camera, people: [] };
    this.#snapshots.set(camera, snapshot);
    return snapshot;
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    clearImmediate(this.#turn);
  }

  #changed(camera: string): void {
    this.#departed.delete(camera);
    this.#snapshots = new Map();
    for (const feed of this.#feeds) feed.changed(camera);
  }

  /** People also leave while no frame comes; where one does, it follows its events at once. */
  #left(camera: string | undefined): void {
    if (camera === undefined || this.#feeds.size === 0) return;
    this.#departed.add(camera);
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      for (const left of [...this.#departed]) this.#changed(left);
    });
  }
}

interface Slot {
  readonly camera: string;
  /** There is something newer than what was sent last. */
  dirty: boolean;
  underWay: boolean;
  /** Monotonic. */
  sentMs: number;
  timer: NodeJS.Timeout | undefined;
}

/** For one plugin. */
export class PeopleFeed {
  readonly #source: PeopleSource;
  readonly #send: (snapshot: Snapshot) => void;
  readonly #slots = new Map<string, Slot>();
  #everyMs: number | undefined;

  constructor(source: PeopleSource, send: (snapshot: Snapshot) => void) {
    this.#source = source;
    this.#send = send;
  }

  /** Undefined: nobody follows. */
  follow(everyMs: number | undefined): void {
    this.#everyMs = everyMs;
    if (everyMs === undefined) {
      this.#source.delete(this);
      for (const slot of this.#slots.values()) slot.dirty = false;
    } else this.#source.add(this);
  }

  stop(): void {
    this.follow(undefined);
    for (const { timer } of this.#slots.values()) clearTimeout(timer);
    this.#slots.clear();
  }

  changed(camera: string): void {
    let slot = this.#slots.get(camera);
    if (!slot) {
      slot = { camera, dirty: false, underWay: false, sentMs: -Infinity, timer: undefined };
      this.#slots.set(camera, slot);
    }
    slot.dirty = true;
    this.#next(slot);
  }

  /** False when none of this camera is under way: the plugin makes things up. */
  taken(camera: string): boolean {
    const slot = this.#slots.get(camera);
    if (!slot?.underWay) return false;
    slot.underWay = false;
    this.#next(slot);
    return true;
  }

  #next(slot: Slot): void {
    if (this.#everyMs === undefined || !slot.dirty || slot.underWay || slot.timer) return;
    const restMs = slot.sentMs + this.#everyMs - performance.now();
    if (restMs > 0) {
      slot.timer = setTimeout(() => {
        slot.timer = undefined;
        this.#next(slot);
      }, restMs);
      return;
    }
    slot.dirty = false;
    slot.underWay = true;
    slot.sentMs = performance.now();
    this.#send(this.#source.snapshot(slot.camera));
  }
}
