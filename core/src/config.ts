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
      description: '`clip` (bundled), a video file, /dev/videoN, or rtsp://user:password@host/path',
    }),
    rotate: Type.Union([Type.Literal(0), Type.Literal(90), Type.Literal(180), Type.Literal(270)], { default: 0 }),
    mirror: Type.Boolean({ default: false }),
    fieldOfViewDeg: Type.Number({ minimum: 20, maximum: 170, default: 70, description: 'horizontal, of the upright picture' }),
    calibration: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'distance factor, written by `mien calibrate`' })),
    width: Type.Optional(Type.Integer({ minimum: 64, maximum: 3840, description: 'asked of the camera (V4L2)' })),
    height: Type.Optional(Type.Integer({ minimum: 64, maximum: 2160 })),
    framesPerSecond: Type.Optional(Type.Number({ minimum: 1, maximum: 120 })),
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
    release: Type.Optional(Type.String({ description: 'directory of model.json; the release of @mien/model when absent' })),
    detectorRelease: Type.Optional(Type.String({ description: 'directory of another release that the detector is taken from' })),
    precision: Type.Union([Type.Literal('int8'), Type.Literal('fp32')], { default: 'int8' }),
    backend: Type.Union([Type.Literal('onnx'), Type.Literal('rknn'), Type.Literal('auto')], { default: 'onnx' }),
    detector: Type.String({ default: 'blazeface-full' }),
    threads: Type.Integer({ minimum: 1, maximum: 16, default: 1 }),
  },
  strict,
);

/** Printable and without spaces: what an Authorization header can carry. */
const secret = { minLength: 16, pattern: '^[!-~]*$' } as const;

export const ApiConfig = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1' }),
    port: Type.Integer({ minimum: 0, maximum: 65535, default: 7430, description: '0 takes any free port' }),
    token: Type.Optional(Type.String({ ...secret, description: 'demanded off loopback; may be given as MIEN_TOKEN' })),
    previewToken: Type.Optional(Type.String({ ...secret, description: 'a second token that also has the scope camera.preview; without it `token` has it' })),
  },
  strict,
);

export const PresenceConfig = Type.Object(
  {
    appearHits: Type.Integer({ minimum: 1, default: 3 }),
    appearWindow: Type.Integer({ minimum: 1, default: 5, description: 'frames' }),
    appearMs: Type.Number({ minimum: 0, default: 250 }),
    goneMs: Type.Number({ minimum: 0, default: 2000, description: 'where the place is visible' }),
    graceMs: Type.Number({ minimum: 0, default: 5000, description: '10000 suits a robot, 5000 a kiosk' }),
    unseenMs: Type.Number({ minimum: 0, default: 500, description: "not detected for so long is out of sight: shorter gaps are the detector's" }),
    updateEveryMs: Type.Number({ minimum: 0, default: 1000 }),
  },
  strict,
);

export const DistanceConfig = Type.Object(
  {
    nearEnterM: Type.Number({ exclusiveMinimum: 0, default: 1.0 }),
    nearLeaveM: Type.Number({ exclusiveMinimum: 0, default: 1.5 }),
    midEnterM: Type.Number({ exclusiveMinimum: 0, default: 2.5 }),
    midLeaveM: Type.Number({ exclusiveMinimum: 0, default: 3.0 }),
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
    on: Type.Number({ minimum: 0, maximum: 1, default: 0.6 }),
    onMs: Type.Number({ minimum: 0, default: 500 }),
    off: Type.Number({ minimum: 0, maximum: 1, default: 0.4 }),
    offMs: Type.Number({ minimum: 0, default: 800 }),
    glanceMs: Type.Number({ minimum: 0, default: 1000, description: 'shorter spans are glances, longer ones looks' }),
    yawDeg: Type.Number({
      exclusiveMinimum: 0,
      default: 22,
      description: 'a head turned by so much has half of the score; small faces are given up to 1.4 times more',
    }),
    pitchDeg: Type.Number({ exclusiveMinimum: 0, default: 18 }),
  },
  strict,
);

export const EngagementConfig = Type.Object(
  {
    engageMs: Type.Number({ minimum: 0, default: 2000, description: 'near and attending for so long is engaged' }),
    disengageMs: Type.Number({ minimum: 0, default: 2000, description: 'disengaging lasts so long after engaged ended' }),
    approachMps: Type.Number({ minimum: 0, default: 0.35, description: 'an approach begins at this speed towards the device' }),
    approachEndMps: Type.Number({ minimum: 0, default: 0.15 }),
  },
  strict,
);

export const ExpressionConfig = Type.Object(
  {
    filterMs: Type.Number({ minimum: 0, default: 700 }),
    p: Type.Number({ minimum: 0, maximum: 1, default: 0.55 }),
    margin: Type.Number({ minimum: 0, maximum: 1, default: 0.15 }),
    holdMs: Type.Number({ minimum: 0, default: 800 }),
    restMs: Type.Number({ minimum: 0, default: 1500 }),
  },
  strict,
);

export const AttributesConfig = Type.Object(
  {
    ageSamples: Type.Integer({ minimum: 1, default: 8 }),
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
    ageBandMs: Type.Number({ minimum: 0, default: 2000 }),
    genderP: Type.Number({ minimum: 0, maximum: 1, default: 0.85 }),
    genderSamples: Type.Integer({ minimum: 1, default: 5 }),
    genderTurnP: Type.Number({ minimum: 0, maximum: 1, default: 0.95 }),
    genderTurnMs: Type.Number({ minimum: 0, default: 3000 }),
    minorP: Type.Number({ minimum: 0, maximum: 1, default: 0.2, description: 'P(age < 18) over this: neither gender nor expression is told' }),
    minorReleaseP: Type.Number({ minimum: 0, maximum: 1, default: 0.15, description: 'who counted as a likely minor does so until P(age < 18) is under this' }),
  },
  strict,
);

export const QualityConfig = Type.Object(
  {
    facePx: Type.Number({ minimum: 0, default: 48 }),
    yawDeg: Type.Number({ minimum: 0, maximum: 180, default: 35 }),
    pitchDeg: Type.Number({ minimum: 0, maximum: 180, default: 25 }),
    score: Type.Number({ minimum: 0, maximum: 1, default: 0.4 }),
  },
  strict,
);

export const LogConfig = Type.Object(
  {
    level: Type.Union(
      [Type.Literal('silent'), Type.Literal('error'), Type.Literal('warn'), Type.Literal('info'), Type.Literal('debug'), Type.Literal('trace')],
      { default: 'info' },
    ),
    file: Type.Optional(Type.String({ description: 'also write JSON lines here; a full disk is reported once and does not stop Mien' })),
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
    childProcess: Type.Boolean({ default: false }),
    workers: Type.Boolean({ default: false }),
    read: Type.Array(Type.String(), { default: [], description: 'further files and folders' }),
    write: Type.Array(Type.String(), { default: [] }),
    env: Type.Array(Type.String(), { default: [], description: 'names of environment variables that are handed on' }),
  },
  strict,
);

export const PluginSettings = Type.Object(
  {
    from: Type.Optional(Type.String({ description: 'file, folder or npm package; the name itself, as a package or in pluginFolder, when absent' })),
    enabled: Type.Boolean({ default: true }),
    grant: Type.Array(Grant, { default: [], description: 'what it may see and do; must hold what the plugin needs' }),
    isolation: Type.Optional(
      Type.Union([Type.Literal('own'), Type.Literal('shared'), Type.Literal('host')], {
        description:
          "own: a process of its own under Node's permission model (default); shared: one process for several (default for @mien/plugins); host: in Mien itself, for tests",
      }),
    ),
    heapMb: Type.Integer({ minimum: 16, maximum: 4096, default: 96 }),
    startWithinMs: Type.Integer({ minimum: 100, default: 10_000 }),
    stopWithinMs: Type.Integer({ minimum: 100, default: 2000 }),
    allow: Type.Object(PluginAllowance.properties, { ...strict, default: {} }),
    options: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
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
    cameras: Type.Array(CameraConfig, { minItems: 1, default: [{}] }),
    model: Type.Object(ModelConfig.properties, { ...strict, default: {} }),
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
    pluginFolder: Type.Optional(Type.String({ description: 'every plugin in it runs with all that it needs, and is loaded anew when its files change' })),
    plugins: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,39}$' }), PluginSettings, { ...strict, default: {} }),
    modules: Type.Array(Type.String(), { default: [], description: 'module files that replace parts of the container' }),
  },
  strict,
);

export type Config = Type.Static<typeof Config>;
export type CameraConfig = Type.Static<typeof CameraConfig>;
export type ZoneConfig = Type.Static<typeof ZoneConfig>;
export type PluginSettings = Type.Static<typeof PluginSettings>;
