/**
 * Every event Mien sends, as TypeBox schemas with static types: CloudEvents 1.0 whose `data` holds the clock, the origin, the
 * rule that fired and, for people, the whole snapshot. Units: milliseconds, metres, degrees, probabilities 0..1, apparent
 * age in years. A property's `grant` names the permission that lets a receiver see it; a denied or unbound field is absent.
 * What has no `grant` belongs to what it stands in, down from the event itself; beside one that has a grant,
 * each must have one (the envelope and `data` apart). host/grants.ts removes what a receiver may not see.
 */
import Type from 'typebox';

export { eventName } from './event-name.ts';

const strict = { additionalProperties: false } as const;
const P = Type.Number({ minimum: 0, maximum: 1 });
const Ms = Type.Number({ minimum: 0, description: 'milliseconds' });
const Mono = Type.Number({ description: 'monotonic milliseconds, on the scale of `clock.capturedMonoMs`' });
const Count = Type.Integer({ minimum: 0 });

export const Grant = Type.Enum([
  'person.presence',
  'person.position',
  'person.quality',
  'person.age',
  'person.gender',
  'person.expression',
  'person.attention',
  'device.health',
  'audience',
  'camera.preview',
  'model.control',
]);
export type Grant = Type.Static<typeof Grant>;
const granted = (grant: Grant) => ({ grant });
/** Items name properties of `person`: each stays only where that property's grant is held. */
const namesPersonFields = { names: 'person' } as const;

export const AbstainReason = Type.Enum(['too_small', 'yaw', 'pitch', 'blur', 'dark', 'low_confidence', 'policy']);
export const Engagement = Type.Enum(['unknown', 'disengaged', 'engaging', 'engaged', 'disengaging']);

/** What the model declines, and why. */
export const Abstained = Type.Object({ label: Type.Literal('unknown'), abstain: AbstainReason }, strict);

const settledMeans = 'settled: another takes over only when it is clear for a while';

export const AgeEstimate = Type.Object(
  {
    years: Type.Number({ description: 'mean apparent age' }),
    sd: Type.Number({ minimum: 0, description: 'years' }),
    p05: Type.Number({ description: 'years: P(younger) is 5 %' }),
    p95: Type.Number({ description: 'years: P(younger) is 95 %' }),
    band: Type.String({ description: 'as 25-34; the last is 65+' }),
    bandP: Type.Number({ minimum: 0, maximum: 1, description: 'P(age in this band)' }),
    minorP: Type.Number({ minimum: 0, maximum: 1, description: 'P(age < 18); not an age gate' }),
    n: Type.Integer({ minimum: 1, description: 'samples that counted' }),
    stable: Type.Boolean({ description: settledMeans }),
  },
  strict,
);
const Samples = Type.Integer({ minimum: 1, description: 'samples that counted' });
export const GenderEstimate = Type.Object(
  {
    label: Type.String({ description: "by the model's labels" }),
    p: Type.Number({ minimum: 0, maximum: 1, description: 'P(label)' }),
    n: Samples,
    stable: Type.Boolean({ description: settledMeans }),
  },
  strict,
);
export const ExpressionEstimate = Type.Object(
  {
    label: Type.String({ description: 'how the face appears, never what the person feels' }),
    p: Type.Number({ minimum: 0, maximum: 1, description: 'P(label)' }),
    probs: Type.Record(Type.String(), P, { description: 'P of each label' }),
    valence: Type.Number({ minimum: -1, maximum: 1, description: 'unpleasant to pleasant, as it appears' }),
    n: Samples,
    stable: Type.Boolean({ description: settledMeans }),
  },
  strict,
);

const attributes = {
  age: Type.Optional(Type.Union([AgeEstimate, Abstained], granted('person.age'))),
  gender: Type.Optional(Type.Union([GenderEstimate, Abstained], granted('person.gender'))),
  expression: Type.Optional(Type.Union([ExpressionEstimate, Abstained], granted('person.expression'))),
};

const Distance = Type.Object(
  {
    m: Type.Number({ minimum: 0, description: 'metres' }),
    sd: Type.Number({ minimum: 0, description: 'metres' }),
    calibrated: Type.Boolean({ description: 'true once `mien calibrate` was done; a guess before' }),
  },
  strict,
);
const Quality = Type.Object(
  {
    score: Type.Number({ minimum: 0, maximum: 1, description: 'of the whole; too low a one does not count' }),
    facePx: Type.Number({ description: 'larger side of the face box, pixels of the frame' }),
    yawDeg: Type.Number({ description: 'turned to a side' }),
    pitchDeg: Type.Number({ description: 'turned up or down' }),
    rollDeg: Type.Number({ description: 'tilted' }),
    light: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'mean luma of the face' })),
    sharpness: Type.Optional(P),
  },
  strict,
);
const Attention = Type.Object(
  {
    state: Type.Enum(['attending', 'away']),
    score: Type.Number({ minimum: 0, maximum: 1, description: 'how far the face is turned to the device' }),
    currentMs: Type.Number({ minimum: 0, description: 'of the present attention' }),
    totalMs: Type.Number({ minimum: 0, description: 'of this presence' }),
    glances: Type.Integer({ minimum: 0, description: 'spans of attention under attention.glanceMs' }),
  },
  strict,
);

/** The full snapshot of one person at the deciding frame. */
export const Person = Type.Object(
  {
    id: Type.String({ pattern: '^p-[0-9a-z]{5}$', description: 'random per session, never reused, never stored', ...granted('person.presence') }),
    camera: Type.String(granted('person.presence')),
    state: Type.Enum(['present', 'unseen', 'left'], { description: 'unseen: out of sight, not yet gone', ...granted('person.presence') }),
    sinceMs: Type.Number({ minimum: 0, description: 'since the first sight', ...granted('person.presence') }),
    returned: Type.Boolean({ description: 'was here within the grace period: do not greet twice', ...granted('person.presence') }),
    box: Type.Array(Type.Number(), {
      minItems: 4,
      maxItems: 4,
      description: '[x, y, width, height] as shares of the upright frame from its top left',
      ...granted('person.position'),
    }),
    distance: Type.Object(Distance.properties, { ...strict, ...granted('person.position') }),
    bearingDeg: Type.Number({ description: "positive to the device's right", ...granted('person.position') }),
    zone: Type.String({
      minLength: 1,
      description: 'the first zone drawn on the floor in which the person stands, by its name; outside of all: near, mid or far by distance',
      ...granted('person.position'),
    }),
    quality: Type.Object(Quality.properties, { ...strict, ...granted('person.quality') }),
    ...attributes,
    attention: Type.Object(Attention.properties, { ...strict, ...granted('person.attention') }),
    engagement: Type.Enum(Engagement.enum, {
      description: 'engaging: approaching or attending; engaged: near and attending for engagement.engageMs; disengaging: for disengageMs after',
      ...granted('person.attention'),
    }),
  },
  strict,
);

/** Totals of one presence, sent once with person.left. */
export const SessionTotals = Type.Object(
  {
    dwellMs: Type.Number({ minimum: 0, description: 'first to last sight, grace left out', ...granted('person.presence') }),
    attentionMs: Type.Number({ minimum: 0, ...granted('person.attention') }),
    glances: Type.Integer({ minimum: 0, description: 'spans of attention under attention.glanceMs', ...granted('person.attention') }),
    looks: Type.Integer({ minimum: 0, description: 'longer ones', ...granted('person.attention') }),
    closestM: Type.Number({ minimum: 0, ...granted('person.position') }),
    zones: Type.Object(
      { near: Ms, mid: Ms, far: Ms },
      { additionalProperties: Ms, description: "milliseconds in each; the camera's drawn zones by their names", ...granted('person.position') },
    ),
    ...attributes,
    expressionShare: Type.Optional(
      Type.Record(Type.String(), P, {
        description: 'share of the time with a known expression; absent when withheld or never known',
        ...granted('person.expression'),
      }),
    ),
  },
  strict,
);

export const EventClock = Type.Object(
  {
    bootId: Type.String({ description: 'names this start of Mien: monotonic times and sequences of different starts do not compare' }),
    capturedMonoMs: Type.Number({ description: 'capture instant of the deciding frame' }),
    emittedMonoMs: Type.Number({ description: 'when the host made the event, on the host monotonic clock; files played on media time run on another scale' }),
    wallTrusted: Type.Boolean({ description: '`time` may be used as a calendar time' }),
  },
  strict,
);
export const EventOrigin = Type.Object(
  {
    model: Type.String({ description: 'name@version/precision' }),
    backend: Type.String(),
    npuCores: Type.Array(Type.Integer(), { description: 'empty on the CPU' }),
    degraded: Type.Boolean({ description: 'runs on less than it was asked to' }),
    degradedReason: Type.Optional(Type.String()),
    simulated: Type.Boolean({ description: 'virtual people: no camera saw this' }),
    profile: Type.String({ description: 'which heads are bound, as demo' }),
  },
  strict,
);
export const Why = Type.Object(
  {
    rule: Type.String({ description: 'that fired, as attention.on' }),
    heldMs: Type.Number({ minimum: 0, description: 'for so long its condition held' }),
    hits: Type.Optional(Type.Integer({ minimum: 0, description: 'frames that counted' })),
    of: Type.Optional(Type.Integer({ minimum: 0, description: 'of so many' })),
    thresholds: Type.Record(Type.String(), Type.Number(), { description: "the rule's limits, by their names in the configuration" }),
  },
  strict,
);

/** The thresholds of an update name what settled, and `ageSd` grows with the age: each shows with its attribute only. */
const UpdateWhy = Type.Object(
  {
    ...Why.properties,
    rule: Type.String({ description: 'settled, returned or changed: the first that holds of what the receiver sees' }),
    thresholds: Type.Object(
      {
        updateEveryMs: Type.Optional(Type.Number(granted('person.presence'))),
        ageSamples: Type.Optional(Type.Number(granted('person.age'))),
        ageSd: Type.Optional(Type.Number(granted('person.age'))),
        genderSamples: Type.Optional(Type.Number(granted('person.gender'))),
        genderP: Type.Optional(Type.Number(granted('person.gender'))),
        p: Type.Optional(Type.Number(granted('person.expression'))),
        margin: Type.Optional(Type.Number(granted('person.expression'))),
        holdMs: Type.Optional(Type.Number(granted('person.expression'))),
      },
      strict,
    ),
  },
  strict,
);

const personData = { origin: EventOrigin, why: Why, person: Person };
const modelData = {
  origin: EventOrigin,
  why: Why,
  model: Type.Object({ name: Type.String(), release: Type.String(), version: Type.String(), precision: Type.String(), backend: Type.String() }, strict),
};
const pluginData = {
  why: Why,
  plugin: Type.Object({ name: Type.String(), reason: Type.String(), crashes: Count }, strict),
};
const cameraData = {
  origin: Type.Optional(Type.Object(EventOrigin.properties, { ...strict, description: 'of the last frame; absent before the first' })),
  why: Why,
  camera: Type.Object({ name: Type.String(), message: Type.String() }, strict),
};

const extra = Type.Optional(
  Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
    description: 'what plugins added before the event went out, by the name of the plugin; shown to who holds every grant that the plugin held',
  }),
);

/** `when` it fires, in a line. */
const envelope = <N extends string, D extends Type.TProperties>(name: N, grant: Grant, when: string, data: D) =>
  Type.Object(
    {
      specversion: Type.Literal('1.0'),
      id: Type.String({ minLength: 1, description: 'unique, also over restarts' }),
      source: Type.String({ pattern: '^urn:mien:[a-z0-9-]+(/[a-z0-9-]+)?$', description: 'the device, and the camera where there is one' }),
      type: Type.Literal(`mien.${name}.v1` as `mien.${N}.v1`),
      subject: Type.String({
        minLength: 1,
        description: 'whom or what it is about, as person/p-k7f3q or camera/main',
        ...('person' in data && granted('person.presence')),
      }),
      time: Type.String({ format: 'date-time', description: 'capture instant of the deciding frame' }),
      datacontenttype: Type.Literal('application/json'),
      dataschema: Type.Literal(`urn:mien:schema:${name}:v1` as `urn:mien:schema:${N}:v1`),
      sequence: Type.String({ pattern: '^[0-9]{16}$', description: 'decimal, padded so that it also sorts as text; without gaps within one bootId' }),
      data: Type.Object({ clock: EventClock, ...data, extra }, strict),
    },
    { ...strict, grant, description: when },
  );

/** One schema per event, by short name. Later issues add theirs here. */
export const EventSchemas = {
  'person.appeared': envelope(
    'person.appeared',
    'person.presence',
    'somebody is confirmed; attributes need not be known yet, a robot must look up at once',
    personData,
  ),
  'person.updated': envelope('person.updated', 'person.presence', 'something material changed, at most once a second and person', {
    ...personData,
    why: UpdateWhy,
    changed: Type.Array(Type.String({ description: 'property of `person`' }), { minItems: 1, ...namesPersonFields }),
    previous: Type.Partial(Person, { description: 'the changed properties as last reported' }),
    settled: Type.Array(Type.Enum(['age', 'gender', 'expression']), {
      description: 'attributes that became stable now: the moment to greet',
      ...namesPersonFields,
    }),
  }),
  'person.left': envelope('person.left', 'person.presence', 'somebody is gone', {
    ...personData,
    reason: Type.Enum(['timeout', 'exited', 'merged', 'camera_lost', 'privacy_paused'], {
      description: 'exited: walked out of the picture; merged: was another person after all',
    }),
    session: SessionTotals,
  }),
  'emotion.changed': envelope('emotion.changed', 'person.expression', 'another expression won and held', {
    ...personData,
    from: Type.String({ description: 'label of the expression before' }),
    to: Type.String({ description: 'and now' }),
    onsetMonoMs: Mono,
  }),
  'attention.started': envelope('attention.started', 'person.attention', 'the face turned to the device and stayed so', { ...personData, onsetMonoMs: Mono }),
  'attention.ended': envelope('attention.ended', 'person.attention', 'the face turned away, or the person is out of sight', {
    ...personData,
    onsetMonoMs: Mono,
    durationMs: Ms,
    kind: Type.Enum(['glance', 'look'], { description: 'glance: shorter than attention.glanceMs' }),
  }),
  'model.selftest': envelope('model.selftest', 'device.health', 'a network was tried against its known answers', {
    ...modelData,
    passed: Type.Boolean(),
    ms: Ms,
    detail: Type.String(),
  }),
  'backend.degraded': envelope('backend.degraded', 'device.health', 'a network runs on less than it was asked to, or not at all', {
    ...modelData,
    reason: Type.String(),
  }),
  'backend.recovered': envelope('backend.recovered', 'device.health', 'the network runs as asked again', modelData),
  'camera.lost': envelope('camera.lost', 'device.health', 'no frames come from a camera any more', cameraData),
  'camera.restored': envelope('camera.restored', 'device.health', 'frames come from the camera again', cameraData),
  'plugin.failed': envelope('plugin.failed', 'device.health', 'a plugin failed and is started again, or could not be started', {
    ...pluginData,
    retryMs: Type.Optional(Ms),
  }),
  'plugin.quarantined': envelope('plugin.quarantined', 'device.health', 'a plugin failed too often and is left alone until somebody restarts it', pluginData),
} as const;

export type EventName = keyof typeof EventSchemas;
export type EventOf<N extends EventName> = Type.Static<(typeof EventSchemas)[N]>;
export type MienEvent = { [N in EventName]: EventOf<N> }[EventName];
export type PersonEvent = Extract<MienEvent, { data: { person: unknown } }>;
/** `data` of an event before the enveloper adds the clock. */
export type EventData<N extends EventName> = Omit<EventOf<N>['data'], 'clock'>;

export type Person = Type.Static<typeof Person>;
export type SessionTotals = Type.Static<typeof SessionTotals>;
export type AgeEstimate = Type.Static<typeof AgeEstimate>;
export type GenderEstimate = Type.Static<typeof GenderEstimate>;
export type ExpressionEstimate = Type.Static<typeof ExpressionEstimate>;
export type Abstained = Type.Static<typeof Abstained>;
export type AbstainReason = Type.Static<typeof AbstainReason>;
export type Engagement = Type.Static<typeof Engagement>;
export type EventOrigin = Type.Static<typeof EventOrigin>;
export type Why = Type.Static<typeof Why>;
