/** A sight that keeps the contract of sight.ts without cameras or networks: tests drive it, and it records what was asked. */
import { MienError } from '../../core/src/errors.ts';
import type { Observation } from '../../core/src/observation.ts';
import type { Analysis, AnalyzeOptions, ModelStatus, Models, Sight, SightListener, SightNotice, SightStatus, SwapRequest } from '../../core/src/sight/sight.ts';

export const fakeModel: ModelStatus = {
  name: 'mien-attributes',
  role: 'recognizer',
  state: 'ready',
  release: 'v0',
  version: '0.1.0',
  precision: 'int8',
  backend: 'onnx',
  device: 'cpu',
  runtime: 'onnxruntime 1.30.0',
  npuCores: [],
  simulated: false,
  degraded: false,
  licence: { use: 'research', name: 'research only', statement: 'Trained on data licensed for research; do not use commercially.' },
  heads: ['age', 'gender', 'expression'],
  selftest: { passed: true, atWallMs: 1_700_000_000_000, ms: 41, detail: '4 known answers within tolerance' },
};
/** On an NPU with a core that is set aside. */
export const fakeDetector: ModelStatus = {
  ...fakeModel,
  name: 'blazeface-full',
  role: 'detector',
  heads: [],
  npuCores: [0, 1],
  npu: {
    affinity: 'pinned 0 1',
    priority: 'interactive',
    deadlineMs: 2000,
    exhausted: false,
    waiting: 3,
    cores: [
      { core: 0, state: 'ok', inFlight: 2, runs: 1234, busyShare: 0.42 },
      { core: 1, state: 'set-aside', inFlight: 0, runs: 8, busyShare: 0 },
    ],
  },
  memory: { weightBytes: 1_400_000, contextBytes: 6_600_000 },
  licence: { use: 'any', name: 'Apache-2.0', statement: 'MediaPipe BlazeFace, Apache-2.0.' },
};

export const fakeAnalysis: Analysis = {
  width: 640,
  height: 480,
  faces: [
    {
      box: [100, 80, 120, 150],
      score: 0.97,
      quality: { score: 0.9, facePx: 150, yawDeg: 3, pitchDeg: -2, rollDeg: 1, light: 0.6, sharpness: 0.7 },
      age: { years: 34.2, sd: 5.1 },
      gender: { label: 'female', p: 0.97 },
      expression: { label: 'positive', probs: { negative: 0.05, neutral: 0.15, positive: 0.8 } },
    },
  ],
  ms: { decode: 3, detect: 5, align: 0.2, recognise: 4, total: 12.4 },
  origin: { model: 'mien-attributes@0.1.0/int8', backend: 'onnx', npuCores: [], degraded: false, simulated: false },
};

export interface FakeSight extends Sight {
  /** What `status()` answers; assign to change it. */
  current: SightStatus;
  readonly asked: { analyze: Array<{ bytes: number; options: AnalyzeOptions; signal?: AbortSignal }>; swap: SwapRequest[] };
  modelStatuses: ModelStatus[];
  /** Answers analyze(); replace to fail or to hang. */
  onAnalyze: (image: Uint8Array, options: AnalyzeOptions, signal?: AbortSignal) => Promise<Analysis>;
  /** Makes the next preview picture; null waits as a lost camera would. */
  picture: (() => Uint8Array | null) | null;
  readonly previews: { open: number; taken: number };
  observe(observation: Observation): void;
  notice(notice: SightNotice): void;
}

export function createFakeSight(): FakeSight {
  let listener: SightListener | undefined;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const find = (name: string): number => {
    const index = sight.modelStatuses.findIndex((model) => model.name === name);
    if (index < 0) throw new MienError('MODEL_NOT_FOUND', `there is no model "${name}"`);
    return index;
  };
  const change = async (name: string, part: Partial<ModelStatus>): Promise<ModelStatus> => {
    const index = find(name);
    const next = { ...sight.modelStatuses[index], ...part } as ModelStatus;
    sight.modelStatuses[index] = next;
    return next;
  };
  const models: Models = {
    list: async () => sight.modelStatuses,
    load: async (name) => change(name, { state: 'ready' }),
    unload: async (name) => change(name, { state: 'unloaded' }),
    swap: async (name, request) => {
      sight.asked.swap.push(request);
      return change(name, { precision: request.precision ?? 'int8' });
    },
    selftest: async (name) => change(name, { selftest: { passed: true, atWallMs: Date.now(), ms: 38, detail: '4 known answers within tolerance' } }),
  };
  const sight: FakeSight = {
    models,
    current: {
      state: 'running',
      pid: 4711,
      restarts: 0,
      cameras: [{ name: 'main', source: 'clip', state: 'live', width: 1280, height: 720, framesPerSecond: 24.9, received: 520, processed: 500, dropped: 20 }],
      latencyMs: { p50: 11.2, p95: 15.8 },
      degraded: [],
    },
    asked: { analyze: [], swap: [] },
    modelStatuses: [fakeModel, fakeDetector],
    onAnalyze: async (_image, { annotate }) => ({ ...fakeAnalysis, ...(annotate && { annotated: jpegStub }) }),
    picture: () => jpegStub,
    previews: { open: 0, taken: 0 },
    async start(given) {
      listener = given;
    },
    status: () => sight.current,
    async analyze(image, options = {}, signal) {
      sight.asked.analyze.push({ bytes: image.length, options, ...(signal && { signal }) });
      return sight.onAnalyze(image, options, signal);
    },
    preview: (_camera, { framesPerSecond = 10 } = {}) => {
      sight.previews.open += 1;
      let open = true;
      const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000 / framesPerSecond));
      return {
        async next() {
          for (; open; await wait()) {
            const value = sight.picture?.();
            if (!value) continue;
            await wait();
            sight.previews.taken += 1;
            return { done: false, value };
          }
          return { done: true, value: undefined };
        },
        async return() {
          if (open) sight.previews.open -= 1;
          open = false;
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
    ended: () => stopped,
    observe: (observation) => listener?.observation(observation),
    notice: (notice) => listener?.notice(notice),
    async [Symbol.asyncDispose]() {
      stop();
    },
  };
  return sight;
}

/** Starts and ends as a JPEG does; nothing in the host looks inside. */
export const jpegStub = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, ...new Array<number>(60).fill(7), 0xff, 0xd9]);
