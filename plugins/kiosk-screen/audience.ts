/** Who stands before the screen now, and whether that is known at all. Times are monotonic milliseconds. */

/** Of a person, as far as it is granted. */
export interface Viewer {
  readonly id: string;
  /** Only when it has settled. */
  readonly age?: { readonly years: number; readonly band: string };
  readonly attention?: 'attending' | 'away';
  readonly engagement?: string;
  readonly zone?: string;
  readonly expression?: string;
}

/** waiting: no camera has told anything yet. */
export type SightState = 'seeing' | 'waiting' | 'silent' | 'lost';

export interface SightReport {
  readonly state: SightState;
  /** In words, when it is not seeing. */
  readonly reason?: string;
}

export class Audience {
  readonly #staleMs: number;
  readonly #viewers = new Map<string, readonly Viewer[]>();
  readonly #toldMs = new Map<string, number>();
  readonly #lost = new Map<string, string>();

  constructor(staleMs: number) {
    this.#staleMs = staleMs;
  }

  /** What a camera shows replaces what it showed before. */
  see(camera: string, viewers: readonly Viewer[], nowMs: number): void {
    this.#viewers.set(camera, viewers);
    this.#toldMs.set(camera, nowMs);
  }

  /** No frames come from this camera; who stood before it is not known any more. */
  lose(camera: string, message: string): void {
    this.#lost.set(camera, message);
    this.#viewers.delete(camera);
    this.#toldMs.delete(camera);
  }

  restore(camera: string): void {
    this.#lost.delete(camera);
  }

  /** Of all cameras that still tell something. */
  viewers(nowMs: number): readonly Viewer[] {
    return [...this.#viewers].flatMap(([camera, viewers]) => (this.#tells(camera, nowMs) ? viewers : []));
  }

  /** Seeing as long as one camera tells something. */
  sight(nowMs: number): SightReport {
    const cameras = [...this.#toldMs.keys()];
    if (cameras.some((camera) => this.#tells(camera, nowMs))) return { state: 'seeing' };
    if (this.#lost.size > 0) return { state: 'lost', reason: [...this.#lost].map(([camera, message]) => `camera ${camera}: ${message}`).join('; ') };
    if (cameras.length === 0) return { state: 'waiting', reason: 'no camera has shown anything yet' };
    return { state: 'silent', reason: `no camera has shown anything for ${this.#staleMs / 1000} s` };
  }

  #tells(camera: string, nowMs: number): boolean {
    return !this.#lost.has(camera) && nowMs - (this.#toldMs.get(camera) ?? -Infinity) <= this.#staleMs;
  }
}
