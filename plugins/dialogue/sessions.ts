/** All clients: so many at most, and those who are silent for long are forgotten. */
import { Session, type SessionParts } from './session.ts';

export interface SessionsOptions extends Omit<SessionParts, 'closed'> {
  readonly maxSessions: number;
  readonly idleMs: number;
}

/** Where there is no room, one that was silent for so long gives way. */
const GIVE_WAY_MS = 10_000;
const SWEEP_MS = 5000;

export class Sessions implements Disposable {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, Session>();
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** Undefined when there is no room. */
  async open(): Promise<Session | undefined> {
    if (this.#sessions.size >= this.#options.maxSessions && !this.#makeRoom()) return undefined;
    const session = new Session({ ...this.#options, closed: (one) => this.#closed(one) });
    this.#sessions.set(session.id, session);
    this.#sweep ??= setInterval(() => this.#forget(), SWEEP_MS);
    // Before the client asks which tools there are.
    await this.#options.voice.use();
    session.voiceChanged(this.#options.voice.isThere);
    await session.open();
    return session;
  }

  voiceChanged(isThere: boolean): void {
    for (const session of this.#sessions.values()) session.voiceChanged(isThere);
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions.values()) session.close();
    clearInterval(this.#sweep);
  }

  #makeRoom(): boolean {
    const idlest = [...this.#sessions.values()].reduce((one, other) => (one.idleMs >= other.idleMs ? one : other));
    if (idlest.idleMs < GIVE_WAY_MS) return false;
    idlest.close();
    return true;
  }

  #forget(): void {
    for (const session of this.#sessions.values()) if (session.idleMs > this.#options.idleMs) session.close();
  }

  #closed({ id }: Session): void {
    this.#sessions.delete(id);
    this.#options.voice.unuse();
    if (this.#sessions.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
