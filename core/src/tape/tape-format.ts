/**
 * What stands in a `.mientape`: a header line, then one JSON object a line for everything that moved people. No pixels, no embeddings,
 * no sources of cameras. docs/tape-format.md is the same in words. A change that older readers would misread raises TAPE_VERSION.
 */
import { readFileSync } from 'node:fs';
import Type, { type Static } from 'typebox';
import type { CameraConfig, Config } from '../config.ts';
import { EventSchemas } from '../events.ts';
import type { Input } from '../people/steps.ts';
import type { Moment, Session } from '../session.ts';

export const TAPE_VERSION = 1;

const strict = { additionalProperties: false } as const;
const Text = Type.String({ maxLength: 65_536 });
const Flag = Type.Boolean();
const Count = Type.Integer({ minimum: 0 });
/** Wider than any clock, narrow enough for arithmetic and calendar to hold. */
const Mono = Type.Number({ minimum: -1e14, maximum: 1e14 });
const Wall = Type.Number({ minimum: 0, maximum: 4e15 });
/** [monotonic, wall] milliseconds of the host when it came. */
const At = Type.Tuple([Mono, Wall]);

const Face = Type.Object(
  {
    track: Count,
    box: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()]),
    score: Type.Number(),
    quality: Type.Object(
      {
        score: Type.Number(),
        facePx: Type.Number(),
        yawDeg: Type.Number(),
        pitchDeg: Type.Number(),
        rollDeg: Type.Number(),
        light: Type.Optional(Type.Number()),
        sharpness: Type.Optional(Type.Number()),
      },
      strict,
    ),
    sample: Type.Optional(
      Type.Object(
        {
          age: Type.Optional(Type.Object({ years: Type.Number(), sd: Type.Number() }, strict)),
          gender: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
          expression: Type.Optional(Type.Array(Type.Number(), { maxItems: 64 })),
        },
        strict,
      ),
    ),
  },
  strict,
);

export const ObservationSchema = Type.Object(
  {
    camera: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
    run: Text,
    frame: Type.Number(),
    capturedMonoMs: Mono,
    capturedWallMs: Wall,
    width: Type.Number({ exclusiveMinimum: 0 }),
    height: Type.Number({ exclusiveMinimum: 0 }),
    faces: Type.Array(Face),
    ended: Type.Array(Type.Object({ track: Count, reason: Type.Enum(['lost', 'exited', 'merged']), into: Type.Optional(Count) }, strict)),
    heads: Type.Object(
      {
        age: Type.Optional(Type.Object({ unit: Type.Literal('years') }, strict)),
        gender: Type.Optional(Type.Object({ labels: Type.Tuple([Text, Text]) }, strict)),
        expression: Type.Optional(Type.Object({ labels: Type.Array(Text, { maxItems: 64 }), valence: Type.Array(Type.Number(), { maxItems: 64 }) }, strict)),
      },
      strict,
    ),
    origin: Type.Object(
      { model: Text, backend: Text, npuCores: Type.Array(Type.Integer()), degraded: Flag, degradedReason: Type.Optional(Text), simulated: Flag },
      strict,
    ),
    ms: Type.Object(
      {
        decodeMs: Type.Number(),
        detectMs: Type.Number(),
        alignMs: Type.Number(),
        recogniseMs: Type.Number(),
        trackMs: Type.Number(),
        totalMs: Type.Number(),
      },
      strict,
    ),
    dropped: Type.Number(),
    recognitionHz: Type.Number(),
  },
  strict,
);

const CameraNotice = Type.Object({ type: Type.Enum(['camera.lost', 'camera.restored', 'camera.ended']), camera: Text, message: Text });
const SightNotice = Type.Object({ type: Type.Enum(['sight.lost', 'sight.restored']), message: Text });
/** A model's whole status is kept; these are the parts that events are made of. */
const ModelNotice = Type.Object({
  type: Type.Enum(['model.selftest', 'backend.degraded', 'backend.recovered']),
  model: Type.Object({
    name: Text,
    release: Text,
    version: Text,
    precision: Text,
    backend: Text,
    npuCores: Type.Array(Type.Integer()),
    simulated: Flag,
    degraded: Flag,
    degradedReason: Type.Optional(Text),
    selftest: Type.Optional(Type.Object({ passed: Flag, ms: Type.Number(), detail: Text })),
  }),
});

const HostEvent = Type.Object(
  {
    name: Type.Enum(Object.keys(EventSchemas) as Array<keyof typeof EventSchemas>),
    moment: Type.Object({ camera: Type.Optional(Text), subject: Text, capturedMonoMs: Mono, capturedWallMs: Wall }, strict),
    data: Type.Object({}),
  },
  strict,
);

/** One schema per kind of record, by the key that tells it. */
export const RecordSchemas = {
  observation: Type.Object({ at: At, observation: ObservationSchema }, strict),
  notice: Type.Object({ at: At, notice: Type.Union([CameraNotice, SightNotice, ModelNotice]) }, strict),
  tick: Type.Object({ at: At, tick: Type.Literal(true) }, strict),
  event: Type.Object({ at: At, event: HostEvent }, strict),
  /** Last of a tape that was ended in good order, after so many records. */
  end: Type.Object({ at: At, end: Type.Object({ records: Count }, strict) }, strict),
};
export type TapeRecord = { readonly at: readonly [monoMs: number, wallMs: number] } & (Input | { readonly end: { readonly records: number } });

export const HeaderSchema = Type.Object(
  {
    mientape: Type.Literal(TAPE_VERSION),
    mien: Type.String({ maxLength: 64, description: 'version of Mien that recorded it' }),
    bootId: Type.String({ minLength: 1, maxLength: 128 }),
    idSeed: Type.String({ minLength: 1, maxLength: 128 }),
    simulated: Type.Boolean({ description: 'recorded with virtual people' }),
    startedAt: At,
    config: Type.Record(Type.String(), Type.Unknown(), { description: 'the settings that people depend on' }),
  },
  strict,
);
export type TapeHeader = Static<typeof HeaderSchema>;

/** Everything that people read of a configuration, and nothing that says where a camera is or how to log in; a test watches what they read. */
const PEOPLE_PARTS = ['version', 'device', 'quality', 'presence', 'distance', 'zones', 'attention', 'engagement', 'expression', 'attributes'] as const;
const CAMERA_PARTS = ['name', 'mirror', 'fieldOfViewDeg', 'calibration', 'zones', 'exitsVisible'] as const;

export function tapeHeader(config: Config, session: Session, simulated: boolean): TapeHeader {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return {
    mientape: TAPE_VERSION,
    mien: version,
    bootId: session.bootId,
    idSeed: session.idSeed,
    simulated,
    startedAt: [session.clock.monoMs(), session.clock.wallMs()],
    config: { ...picked(config, PEOPLE_PARTS), cameras: config.cameras.map((camera) => picked<CameraConfig>(camera, CAMERA_PARTS)) },
  };
}

function picked<T extends object>(from: T, keys: ReadonlyArray<keyof T & string>): Record<string, unknown> {
  return Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]));
}

/** One line of a tape. */
export function recordLine(record: Input | { readonly end: { readonly records: number } }, at: Moment): string {
  return `${JSON.stringify({ at: [at.monoMs, at.wallMs], ...record })}\n`;
}
