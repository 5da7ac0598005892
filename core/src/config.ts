/** mien.yaml: one schema gives types, checks, defaults and the console's form. */
import Type from 'typebox';
import { Grant } from './events.ts';

const strict = { additionalProperties: false } as const;

const Share = Type.Number({ minimum: 0, maximum: 1 });

export const ZoneConfig = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$', description: 'stands in `person.zone`; not near, mid or far' }),
    polygon: Type.Array(Type.Tuple([Share, Share]), {
      minItems: 3,
      maxItems: 64,
      description: '[x, y] corners on the floor in order, shares of the upright frame from its top left; reach y 1 where the picture cuts the floor off',
    }),
  },
  strict,
);

export const CameraConfig = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$', default: 'main', description: 'shown in events as the source' }),
    source: Type.String({
      default: 'clip',
      description: '`clip` (bundled), a video file (./ before it: beside this file), /dev/videoN, or rtsp://user:password@host/path',
    }),
    rotate: Type.Union([Type.Literal(0), Type.Literal(90), Type.Literal(180), Type.Literal(270)], {
      default: 0,
      description: 'degrees clockwise that make the picture upright',
    }),
    mirror: Type.Boolean({ default: false, description: 'left and right exchanged, after turning' }),
    fieldOfViewDeg: Type.Number({ minimum: 20, maximum: 170, default: 70, description: 'horizontal, of the upright picture' }),
    calibration: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'distance factor, written by `mien calibrate`' })),
    width: Type.Optional(Type.Integer({ minimum: 64, maximum: 3840, description: 'asked of the camera (V4L2)' })),
    height: Type.Optional(Type.Integer({ minimum: 64, maximum: 2160, description: 'asked of the camera (V4L2)' })),
    framesPerSecond: Type.Optional(Type.Number({ minimum: 1, maximum: 120, description: 'asked of the camera (V4L2)' })),
    loop: Type.Boolean({ default: true, description: 'play files and the clip again from the start' }),
    pace: Type.Optional(
      Type.Union([Type.Literal('live'), Type.Literal('every')], {
        description: 'of files and the clip; live (default): in their own time, every: each frame, as fast as it is taken, for measuring',
      }),
    ),
    zones: Type.Optional(Type.Array(ZoneConfig, { maxItems: 32, description: 'places drawn on the floor; the first match counts where they overlap' })),
    exitsVisible: Type.Boolean({ default: true, description: 'the place is visible: a person is gone after 2 s instead of the grace period' }),
  },
  strict,
);

export const ModelConfig = Type.Object(
  {
    release: Type.Optional(
      Type.String({ description: 'directory of model.json, beside this file where it begins with ./; the release of @mien/model when absent' }),
    ),
    detectorRelease: Type.Optional(Type.String({ description: 'directory of another release that the detector is taken from, as `release`' })),
    precision: Type.Union([Type.Literal('int8'), Type.Literal('fp32')], { default: 'int8', description: 'of the networks; int8 is the faster one' }),
    backend: Type.Union([Type.Literal('onnx'), Type.Literal('rknn'), Type.Literal('auto')], {
      default: 'onnx',
      description: 'onnx: the CPU; rknn: the NPU; auto: the NPU where there is one, else the CPU, which is then told as degraded',
    }),
    detector: Type.String({ default: 'blazeface-full', description: 'name of the network in its release' }),
    threads: Type.Integer({ minimum: 1, maximum: 16, default: 1, description: 'of the CPU for one network' }),
  },
  strict,
);

const Core = Type.Integer({ minimum: 0, maximum: 2 });

/** Where the runs of a network go: see inference/layout.ts. An RK3588 can fuse cores 0 and 1, or all three. */
export const NpuAffinity = Type.Union(
  [
    Type.Literal('auto'),
    Type.Literal('spread'),
    Type.Object({ pinned: Type.Array(Core, { minItems: 1, maxItems: 3, uniqueItems: true }) }, strict),
    Type.Object(
      { fused: Type.Union([Type.Tuple([Type.Literal(0), Type.Literal(1)]), Type.Tuple([Type.Literal(0), Type.Literal(1), Type.Literal(2)])]) },
      strict,
    ),
  ],
  {
    description:
      'auto: any core that is free, the one used last first; spread: any, in turn; { pinned: [0] }: only these; { fused: [0, 1, 2] }: several work on one run',
  },
);

export const NpuLayout = Type.Object(
  {
    affinity: NpuAffinity,
    priority: Type.Optional(
      Type.Union([Type.Literal('interactive'), Type.Literal('analytics')], { description: 'interactive (default) goes before analytics on a core' }),
    ),
    deadlineMs: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'a run of this network that takes longer has hung; npu.deadlineMs when absent' }),
    ),
  },
  strict,
);

export const NpuConfig = Type.Object(
  {
    library: Type.Optional(Type.String({ minLength: 1, description: 'file of librknnrt.so; where the packages of boards put it when absent' })),
    simulate: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          'settings of a simulated NPU, which knows the known answers of the release and nothing else; {} is enough. Everything says that it is simulated',
      }),
    ),
    chip: Type.Optional(
      Type.String({ pattern: '^rk[0-9]{4}$', description: "whose files of a release are taken, as rk3588; by the board's device tree when absent" }),
    ),
    deadlineMs: Type.Number({
      exclusiveMinimum: 0,
      default: 2000,
      description: 'a run on the NPU that takes longer has hung: its context is given up for a new one. Keep it under sight.timeoutMs',
    }),
    layouts: Type.Record(Type.String(), NpuLayout, { default: {}, description: 'by the name of a network; `mien model tune` measures and writes them' }),
  },
  strict,
);

/** Printable and without spaces: what an Authorization header can carry. */
const secret = { minLength: 16, pattern: '^[!-~]*$' } as const;

export const ApiConfig = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', description: 'address to listen on; other machines reach it on 0.0.0.0, which demands a token' }),
    port: Type.Integer({ minimum: 0, maximum: 65535, default: 7430, description: '0 takes any free port' }),
    token: Type.Optional(Type.String({ ...secret, description: 'demanded off loopback; may be given as MIEN_TOKEN' })),
    previewToken: Type.Optional(Type.String({ ...secret, description: 'a second token that also has the scope camera.preview; without it `token` has it' })),
  },
  strict,
);

export const PresenceConfig = Type.Object(
  {
    appearHits: Type.Integer({ minimum: 1, default: 3, description: 'somebody is there once seen in so many of the last appearWindow frames' }),
    appearWindow: Type.Integer({ minimum: 1, default: 5, description: 'frames' }),
    appearMs: Type.Number({ minimum: 0, default: 250, description: 'and since so long' }),
    goneMs: Type.Number({ minimum: 0, default: 2000, description: 'not seen for so long is gone, where the place is visible (exitsVisible)' }),
    graceMs: Type.Number({
      minimum: 0,
      default: 5000,
      description: 'the same where it is not; who comes back within it has returned. 10000 suits a robot, 5000 a kiosk',
    }),
    unseenMs: Type.Number({ minimum: 0, default: 500, description: "not detected for so long is out of sight: shorter gaps are the detector's" }),
    updateEveryMs: Type.Number({ minimum: 0, default: 1000, description: 'at most one person.updated in this time and person' }),
  },
  strict,
);

export const DistanceConfig = Type.Object(
  {
    nearEnterM: Type.Number({ exclusiveMinimum: 0, default: 1.0, description: 'the near zone begins under this' }),
    nearLeaveM: Type.Number({ exclusiveMinimum: 0, default: 1.5, description: 'the near zone ends over this' }),
    midEnterM: Type.Number({ exclusiveMinimum: 0, default: 2.5, description: 'the mid zone begins under this' }),
    midLeaveM: Type.Number({ exclusiveMinimum: 0, default: 3.0, description: 'the mid zone ends over this; beyond is far' }),
    faceWidthM: Type.Number({ exclusiveMinimum: 0, default: 0.155, description: "assumed width of the detector's face box on an adult" }),
  },
  strict,
);

export const ZonesConfig = Type.Object(
  {
    holdMs: Type.Number({ minimum: 0, default: 500, description: 'another drawn zone counts when it has held so long' }),
    faceHeightsToFloor: Type.Number({
      minimum: 0,
      default: 7,
      description: 'a person stands this many heights of the face box under it: about 7 seen by a camera that looks down, 9.5 at eye level',
    }),
  },
  strict,
);

export const AttentionConfig = Type.Object(
  {
    on: Type.Number({ minimum: 0, maximum: 1, default: 0.6, description: 'attention begins at this score' }),
    onMs: Type.Number({ minimum: 0, default: 500, description: 'when it has held for so long' }),
    off: Type.Number({ minimum: 0, maximum: 1, default: 0.4, description: 'attention ends at this score' }),
    offMs: Type.Number({ minimum: 0, default: 800, description: 'when it has held for so long' }),
    glanceMs: Type.Number({ minimum: 0, default: 1000, description: 'shorter spans are glances, longer ones looks' }),
    yawDeg: Type.Number({
      exclusiveMinimum: 0,
      default: 22,
      description: 'a head turned by so much has half of the score; small faces are given up to 1.4 times more',
    }),
    pitchDeg: Type.Number({ exclusiveMinimum: 0, default: 18, description: 'the same as yawDeg for a head turned up or down' }),
  },
  strict,
);

export const EngagementConfig = Type.Object(
  {
    engageMs: Type.Number({ minimum: 0, default: 2000, description: 'near and attending for so long is engaged' }),
    disengageMs: Type.Number({ minimum: 0, default: 2000, description: 'disengaging lasts so long after engaged ended' }),
    approachMps: Type.Number({ minimum: 0, default: 0.35, description: 'an approach begins at this speed towards the device' }),
    approachEndMps: Type.Number({ minimum: 0, default: 0.15, description: 'an approach ends under this speed' }),
  },
  strict,
);

export const ExpressionConfig = Type.Object(
  {
    filterMs: Type.Number({ minimum: 0, default: 700, description: 'time constant of the average over samples' }),
    p: Type.Number({ minimum: 0, maximum: 1, default: 0.55, description: 'another expression wins with this probability' }),
    margin: Type.Number({ minimum: 0, maximum: 1, default: 0.15, description: 'and this far ahead of the next' }),
    holdMs: Type.Number({ minimum: 0, default: 800, description: 'when that has held for so long' }),
    restMs: Type.Number({ minimum: 0, default: 1500, description: 'at the earliest so long after the switch before' }),
  },
  strict,
);

export const AttributesConfig = Type.Object(
  {
    ageSamples: Type.Integer({ minimum: 1, default: 8, description: 'weighted samples before an age settles' }),
    ageSd: Type.Number({
      minimum: 0,
      default: 6,
      description: 'years; an age settles with an sd under this or under ageSdShare of the age, whichever is larger',
    }),
    ageSdShare: Type.Number({ minimum: 0, default: 0.15, description: 'errors of apparent age grow with age: 15 % are 6 years at 40 and 12 at 80' }),
    ageBandP: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.65,
      description: 'another band takes over with this share of what it and the held band have together, for ageBandMs',
    }),
    ageBandMs: Type.Number({ minimum: 0, default: 2000, description: 'another band must hold for so long' }),
    genderP: Type.Number({ minimum: 0, maximum: 1, default: 0.85, description: 'a gender settles with this probability' }),
    genderSamples: Type.Integer({ minimum: 1, default: 5, description: 'and so many samples' }),
    genderTurnP: Type.Number({ minimum: 0, maximum: 1, default: 0.95, description: 'the other gender takes over with this probability' }),
    genderTurnMs: Type.Number({ minimum: 0, default: 3000, description: 'when that has held for so long' }),
    minorP: Type.Number({ minimum: 0, maximum: 1, default: 0.2, description: 'P(age < 18) over this: neither gender nor expression is told' }),
    minorReleaseP: Type.Number({ minimum: 0, maximum: 1, default: 0.15, description: 'who counted as a likely minor does so until P(age < 18) is under this' }),
  },
  strict,
);

export const QualityConfig = Type.Object(
  {
    facePx: Type.Number({ minimum: 0, default: 48, description: 'a smaller face does not count (larger side of its box, pixels of the frame)' }),
    yawDeg: Type.Number({ minimum: 0, maximum: 180, default: 35, description: 'a face turned further to a side does not count' }),
    pitchDeg: Type.Number({ minimum: 0, maximum: 180, default: 25, description: 'a face turned further up or down does not count' }),
    score: Type.Number({ minimum: 0, maximum: 1, default: 0.4, description: 'a face of lower quality does not count' }),
  },
  strict,
);

export const LogConfig = Type.Object(
  {
    level: Type.Union(
      [Type.Literal('silent'), Type.Literal('error'), Type.Literal('warn'), Type.Literal('info'), Type.Literal('debug'), Type.Literal('trace')],
      { default: 'info', description: 'what is less urgent is not written' },
    ),
    file: Type.Optional(
      Type.String({ description: 'also write JSON lines here, beside this file where it begins with ./; a full disk is reported once and does not stop Mien' }),
    ),
  },
  strict,
);

export const SightConfig = Type.Object(
  {
    timeoutMs: Type.Number({ minimum: 500, default: 5000, description: 'sight is killed and restarted when its frame loop is silent this long' }),
    ffmpeg: Type.String({ default: 'ffmpeg', description: 'program used for files, V4L2 and RTSP' }),
  },
  strict,
);

/** Rights beyond the plugin's own folder and store, for plugins in a process of their own. */
export const PluginAllowance = Type.Object(
  {
    addons: Type.Boolean({ default: false, description: 'native addons; these are not bound by any of the other limits' }),
    childProcess: Type.Boolean({ default: false, description: 'starting programs; these are not bound by any of the other limits' }),
    workers: Type.Boolean({ default: false, description: 'worker threads' }),
    read: Type.Array(Type.String(), { default: [], description: 'further files and folders' }),
    write: Type.Array(Type.String(), { default: [], description: 'files and folders beside its store' }),
    env: Type.Array(Type.String(), { default: [], description: 'names of environment variables that are handed on' }),
  },
  strict,
);

export const PluginSettings = Type.Object(
  {
    from: Type.Optional(Type.String({ description: 'file, folder or npm package; the name itself, as a package or in pluginFolder, when absent' })),
    enabled: Type.Boolean({ default: true, description: 'false: known, not started' }),
    grant: Type.Array(Grant, { default: [], description: 'what it may see and do; must hold what the plugin needs, and can hold what it wants beside' }),
    isolation: Type.Optional(
      Type.Union([Type.Literal('own'), Type.Literal('shared'), Type.Literal('host')], {
        description:
          "own: a process of its own under Node's permission model (default); shared: one process for several (default for @mien/plugins); host: in Mien itself, for tests",
      }),
    ),
    heapMb: Type.Integer({
      minimum: 16,
      maximum: 4096,
      default: 96,
      description: 'JavaScript heap of a process of its own; one that needs more is ended and counts as crashed',
    }),
    startWithinMs: Type.Integer({ minimum: 100, default: 10_000, description: 'a start that takes longer has failed' }),
    stopWithinMs: Type.Integer({ minimum: 100, default: 2000, description: 'what has not stopped by then is killed' }),
    allow: Type.Object(PluginAllowance.properties, { ...strict, default: {} }),
    options: Type.Record(Type.String(), Type.Unknown(), { default: {}, description: "the plugin's own; `mien plugin info` shows them" }),
    optionsVersion: Type.Optional(Type.Integer({ minimum: 1, description: 'the shape that `options` is written in; the present one when absent' })),
  },
  strict,
);

/** Version of this schema. Files of earlier ones are migrated as they are read. */
export const CONFIG_VERSION = 2;

export const Config = Type.Object(
  {
    version: Type.Literal(CONFIG_VERSION, { default: CONFIG_VERSION, description: 'shape of this file; 1 when absent in a file' }),
    device: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', default: 'mien', description: 'name of this device in urn:mien:<device>/<camera>' }),
    cameras: Type.Array(CameraConfig, { default: [{}], description: '[] for none: pictures and virtual people only' }),
    model: Type.Object(ModelConfig.properties, { ...strict, default: {} }),
    npu: Type.Object(NpuConfig.properties, { ...strict, default: {} }),
    api: Type.Object(ApiConfig.properties, { ...strict, default: {} }),
    quality: Type.Object(QualityConfig.properties, { ...strict, default: {} }),
    presence: Type.Object(PresenceConfig.properties, { ...strict, default: {} }),
    distance: Type.Object(DistanceConfig.properties, { ...strict, default: {} }),
    zones: Type.Object(ZonesConfig.properties, { ...strict, default: {} }),
    attention: Type.Object(AttentionConfig.properties, { ...strict, default: {} }),
    engagement: Type.Object(EngagementConfig.properties, { ...strict, default: {} }),
    expression: Type.Object(ExpressionConfig.properties, { ...strict, default: {} }),
    attributes: Type.Object(AttributesConfig.properties, { ...strict, default: {} }),
    log: Type.Object(LogConfig.properties, { ...strict, default: {} }),
    sight: Type.Object(SightConfig.properties, { ...strict, default: {} }),
    stateFolder: Type.Optional(
      Type.String({ description: 'what Mien keeps: stores of plugins, quarantines, last good settings; else $STATE_DIRECTORY, else ~/.local/state/mien' }),
    ),
    pluginFolder: Type.Optional(
      Type.String({ description: 'every plugin in it runs with all that it needs and wants, and is loaded anew when its files change' }),
    ),
    plugins: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,39}$' }), PluginSettings, {
      ...strict,
      default: {},
      description: 'by a name of your own for each',
    }),
    modules: Type.Array(Type.String(), {
      default: [],
      description: 'module files that replace parts of the container; beside this file where they begin with ./',
    }),
  },
  strict,
);

export type Config = Type.Static<typeof Config>;
export type NpuConfig = Type.Static<typeof NpuConfig>;
export type NpuLayout = Type.Static<typeof NpuLayout>;
export type CameraConfig = Type.Static<typeof CameraConfig>;
export type ZoneConfig = Type.Static<typeof ZoneConfig>;
export type PluginSettings = Type.Static<typeof PluginSettings>;
