/** Schemas of what /v1/status, /v1/models and /v1/analyze answer; the compiler holds them against the contract of sight. */
import Type from 'typebox';
import type { NpuReading } from '../device/npu-reading.ts';
import { Abstained, AbstainReason, EventOrigin } from '../events.ts';
import type { Analysis, AnalyzedFace, ModelStatus, SightStatus } from '../sight/sight.ts';

const Code = Type.Object({ code: Type.String(), message: Type.String() });

const CameraStatus = Type.Object({
  name: Type.String(),
  source: Type.String({ description: 'what it is, without credentials' }),
  state: Type.Enum(['opening', 'live', 'lost', 'ended']),
  width: Type.Optional(Type.Integer()),
  height: Type.Optional(Type.Integer()),
  framesPerSecond: Type.Number({ description: 'processed, over the last five seconds' }),
  received: Type.Integer(),
  processed: Type.Integer(),
  dropped: Type.Integer(),
  error: Type.Optional(Code),
});

const SightSchema = Type.Object({
  state: Type.Enum(['starting', 'running', 'restarting', 'stopped', 'failed']),
  pid: Type.Optional(Type.Integer()),
  restarts: Type.Integer(),
  cameras: Type.Array(CameraStatus),
  latencyMs: Type.Object({ p50: Type.Number(), p95: Type.Number() }, { description: 'over the last 300 frames' }),
  degraded: Type.Array(Type.String(), { description: 'why the models do less than they should: a fallback, a self-test that failed' }),
});

const NpuSchema = Type.Object(
  {
    loadPercent: Type.Optional(Type.Array(Type.Number({ minimum: 0, maximum: 100 }), { description: 'per core' })),
    frequencyHz: Type.Optional(Type.Number()),
    maxFrequencyHz: Type.Optional(Type.Number()),
    governor: Type.Optional(Type.String()),
    temperatureC: Type.Optional(Type.Number()),
    driver: Type.Optional(Type.String({ description: "version of the kernel's rknpu" })),
    runtime: Type.Optional(Type.String({ description: 'version of the librknnrt that is installed' })),
    absent: Type.Array(Type.Object({ source: Type.Enum(['load', 'frequency', 'governor', 'temperature', 'driver', 'runtime']), reason: Type.String() }), {
      description: 'what cannot be read, and why; everything on a machine without an NPU',
    }),
  },
  { description: 'as the kernel tells it, at most a second old' },
);

export const Status = Type.Object({
  name: Type.Literal('mien'),
  version: Type.String(),
  device: Type.String(),
  profile: Type.String({ description: 'which heads are bound; `demo` binds every one' }),
  startedAtWallMs: Type.Number(),
  uptimeMs: Type.Number(),
  /** What a light on the device would show. */
  health: Type.Object({ state: Type.Enum(['ok', 'degraded', 'down']), reasons: Type.Array(Type.String()) }),
  sight: Type.Unsafe<SightStatus>(SightSchema),
  npu: Type.Unsafe<NpuReading>(NpuSchema),
  people: Type.Integer({ description: 'present now' }),
  events: Type.Object({
    bootId: Type.Optional(Type.String()),
    oldest: Type.Optional(Type.Integer()),
    newest: Type.Optional(Type.Integer()),
    clients: Type.Integer(),
    listenerFaults: Type.Integer(),
  }),
  plugins: Type.Object({ running: Type.Integer(), ill: Type.Integer({ description: 'blocked, waiting or quarantined' }) }),
  safeMode: Type.Optional(Type.String({ description: 'why Mien runs without plugins and modules' })),
  previewClients: Type.Integer({ description: 'who looks through the camera now' }),
});
export type Status = Type.Static<typeof Status>;

const ModelSchema = Type.Object({
  name: Type.String(),
  role: Type.Enum(['recognizer', 'detector']),
  state: Type.Enum(['unloaded', 'checking', 'loading', 'warming', 'testing', 'ready', 'failed']),
  release: Type.String(),
  version: Type.String(),
  precision: Type.Enum(['fp32', 'int8']),
  backend: Type.String(),
  device: Type.String(),
  runtime: Type.Optional(Type.String()),
  npuCores: Type.Array(Type.Integer()),
  simulated: Type.Boolean(),
  degraded: Type.Boolean(),
  degradedReason: Type.Optional(Type.String()),
  npu: Type.Optional(
    Type.Object({
      affinity: Type.String({ description: 'auto, spread, pinned 0, fused 0 1 2' }),
      priority: Type.Enum(['interactive', 'analytics']),
      deadlineMs: Type.Number({ description: 'a run that takes longer has hung' }),
      exhausted: Type.Boolean({ description: 'no core is left that can run it' }),
      waiting: Type.Integer({ description: 'runs that are not handed to a core yet' }),
      cores: Type.Array(
        Type.Object({
          core: Type.Integer(),
          state: Type.Enum(['ok', 'set-aside']),
          inFlight: Type.Integer({ description: 'runs at the core, whoever called them: one at work, one behind it' }),
          runs: Type.Integer({ description: 'of this network' }),
          busyShare: Type.Number({ description: '0 to 1 of the last seconds, whoever used it' }),
        }),
      ),
    }),
  ),
  memory: Type.Optional(
    Type.Object({ weightBytes: Type.Integer({ description: 'once, however many cores' }), contextBytes: Type.Integer({ description: 'of all contexts' }) }),
  ),
  licence: Type.Object({ use: Type.Enum(['research', 'any']), name: Type.String(), statement: Type.String() }),
  heads: Type.Array(Type.String()),
  selftest: Type.Optional(Type.Object({ passed: Type.Boolean(), atWallMs: Type.Number(), ms: Type.Number(), detail: Type.String() })),
  loadedAtWallMs: Type.Optional(Type.Number()),
  error: Type.Optional(Code),
});

export const Model = Type.Unsafe<ModelStatus>(ModelSchema);

export const SwapBody = Type.Object(
  {
    release: Type.Optional(Type.String({ description: 'folder or model.json on the device; the present release when absent' })),
    precision: Type.Optional(Type.Enum(['fp32', 'int8'])),
  },
  { additionalProperties: false },
);

const Face = Type.Object({
  box: Type.Array(Type.Number(), { minItems: 4, maxItems: 4, description: 'pixels of the upright image: [x, y, width, height]' }),
  score: Type.Number(),
  quality: Type.Object({
    score: Type.Number(),
    facePx: Type.Number(),
    yawDeg: Type.Number(),
    pitchDeg: Type.Number(),
    rollDeg: Type.Number(),
    light: Type.Number(),
    sharpness: Type.Number(),
  }),
  age: Type.Optional(Type.Union([Type.Object({ years: Type.Number(), sd: Type.Number() }), Abstained])),
  gender: Type.Optional(Type.Union([Type.Object({ label: Type.String(), p: Type.Number() }), Abstained])),
  expression: Type.Optional(Type.Union([Type.Object({ label: Type.String(), probs: Type.Record(Type.String(), Type.Number()) }), Abstained])),
  wouldAbstain: Type.Optional(Type.Array(AbstainReason)),
});

const AnalysisSchema = Type.Object({
  width: Type.Integer(),
  height: Type.Integer(),
  faces: Type.Array(Face),
  ms: Type.Object({ decode: Type.Number(), detect: Type.Number(), align: Type.Number(), recognise: Type.Number(), total: Type.Number() }),
  origin: Type.Omit(EventOrigin, ['profile']),
});

export const AnalyzeAnswer = Type.Unsafe<Omit<Analysis, 'annotated'>>(AnalysisSchema);

/** Fails to compile when a value of the contract no longer fits its schema. */
type Fits<Value extends Schema, Schema> = Value;
type Loose<T> = T extends readonly (infer E)[] ? readonly Loose<E>[] : T extends object ? { readonly [K in keyof T]: Loose<T[K]> } : T;
export type ContractFitsSchemas = [
  Fits<ModelStatus, Loose<Type.Static<typeof ModelSchema>>>,
  Fits<SightStatus, Loose<Type.Static<typeof SightSchema>>>,
  Fits<NpuReading, Loose<Type.Static<typeof NpuSchema>>>,
  Fits<AnalyzedFace, Loose<Type.Static<typeof Face>>>,
  Fits<Omit<Analysis, 'annotated'>, Loose<Type.Static<typeof AnalysisSchema>>>,
];
