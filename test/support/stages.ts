/** Stand-ins for cameras, detector and recogniser with scripted answers. No pixels worth looking at. */
import type { FrameSource } from '../../core/src/camera/frame-source.ts';
import type { Frame } from '../../core/src/frame.ts';
import type { HeadLabels, Origin } from '../../core/src/observation.ts';
import type { Detection, Detector, Region } from '../../core/src/sight/detector.ts';
import type { Keypoints } from '../../core/src/sight/geometry.ts';
import type { Recognition, Recognizer } from '../../core/src/sight/recognizer.ts';

export const fakeOrigin: Origin = { model: 'fake@1/int8', backend: 'fake', npuCores: [], degraded: false, simulated: true };
export const fakeHeads: HeadLabels = {
  age: { unit: 'years' },
  expression: { labels: ['negative', 'neutral', 'positive'], valence: [-1, 0, 1] },
};

/** Gives `count` frames every `intervalMs` of media time, each once; counts what was not released, or twice. */
export class ScriptedSource implements FrameSource {
  readonly name = 'scripted';
  state: FrameSource['state'] = 'live';
  readonly releases: number[] = [];
  readonly #count: number;
  readonly #intervalMs: number;
  #index = 0;

  constructor(count: number, intervalMs = 66) {
    this.#count = count;
    this.#intervalMs = intervalMs;
  }

  async next(signal?: AbortSignal): Promise<Frame | null> {
    signal?.throwIfAborted();
    if (this.#index >= this.#count) {
      this.state = 'ended';
      return null;
    }
    const index = this.#index++;
    this.releases[index] = 0;
    return {
      index,
      pixels: { data: new Uint8Array(0), width: 1280, height: 720, format: 'gray' },
      capturedMonoMs: 1000 + index * this.#intervalMs,
      capturedWallMs: 2_000_000 + index * this.#intervalMs,
      decodeMs: 1.5,
      release: () => {
        this.releases[index] = (this.releases[index] ?? 0) + 1;
      },
    };
  }

  stats() {
    return { received: this.#index, dropped: 4 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.state = 'ended';
  }
}

/** Answers with what the script says for its n-th call. */
export class ScriptedDetector implements Detector {
  readonly regions: Array<readonly Region[]> = [];
  readonly #script: (call: number) => Detection[] | Promise<Detection[]>;

  constructor(script: (call: number) => Detection[] | Promise<Detection[]>) {
    this.#script = script;
  }

  async detect(_pixels: unknown, regions: readonly Region[], signal?: AbortSignal): Promise<Detection[]> {
    signal?.throwIfAborted();
    this.regions.push(regions);
    return this.#script(this.regions.length - 1);
  }
}

/** Reads the same of every face; `takesMs` of it may be spent, `fault` thrown. */
export class ScriptedRecognizer implements Recognizer {
  readonly seen: Keypoints[] = [];
  /** Faces that were in work at one time, at the most. */
  most = 0;
  /** Called for each face, counted from 0, before it is read. */
  before: (index: number) => Promise<void> = async () => {};
  #inWork = 0;
  takesMs = 0;
  together = 1;
  fault: Error | undefined;

  async recognise(_pixels: unknown, keypoints: Keypoints): Promise<Recognition> {
    if (this.fault) throw this.fault;
    this.seen.push(keypoints);
    this.#inWork += 1;
    this.most = Math.max(this.most, this.#inWork);
    try {
      await this.before(this.seen.length - 1);
    } finally {
      this.#inWork -= 1;
    }
    for (const until = performance.now() + this.takesMs; performance.now() < until; );
    return {
      sample: { age: { years: 30, sd: 5 }, expression: [0.1, 0.2, 0.7] },
      light: 0.5,
      sharpness: 0.8,
      alignMs: 0.25,
      recogniseMs: 2,
      origin: fakeOrigin,
      heads: fakeHeads,
    };
  }

  recogniseCrop(): Promise<Recognition> {
    return Promise.reject(new Error('not scripted'));
  }

  parallel(): number {
    return this.together;
  }

  origin(): Origin {
    if (this.fault) throw this.fault;
    return fakeOrigin;
  }

  heads(): HeadLabels {
    if (this.fault) throw this.fault;
    return fakeHeads;
  }
}
