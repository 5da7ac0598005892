/** What virtual people do: scenario.yaml and the body of POST /v1/simulate, one schema. Times are seconds, distances metres, angles degrees. */
import Type from 'typebox';
import Value from 'typebox/value';
import { MienError } from '../errors.ts';
import { isDeeperThan, MAX_DEPTH } from '../nesting.ts';
import { schemaFaults } from '../schema-faults.ts';
import { scenarioRuleFaults } from './scenario-rules.ts';

const strict = { additionalProperties: false } as const;
const DAY_S = 86_400;
/** People at once, scripted and live together. */
export const MOST_PEOPLE = 50;
const MOST_FAULTS = 20;

const Seconds = (description: string, more: object = {}) => Type.Number({ minimum: 0, maximum: DAY_S, description, ...more });
const Share = (description: string, initial: number) => Type.Number({ minimum: 0, maximum: 1, default: initial, description });

const genders = ['female', 'male'] as const;
const gazes = ['device', 'left', 'right', 'down', 'away', 'back'] as const;
const gazeMeaning = { description: 'left and right as the picture shows it; away: to the side, the face still seen; back: turned around, no face to be seen' };
const ExpressionLabel = Type.Enum(['negative', 'neutral', 'positive'], { description: 'what the face shows' });
const bearing = { minimum: -85, maximum: 85, description: "positive to the device's right; outside of the picture nobody is seen" } as const;
const turn = { minimum: -90, maximum: 90 } as const;
const years = { minimum: 1, maximum: 100, description: 'apparent age' } as const;
const Metres = Type.Number({ minimum: 0.2, maximum: 20, description: 'from the camera' });
const Years = Type.Number(years);

const Step = Type.Object({ atS: Seconds('since the person came'), distanceM: Metres, bearingDeg: Type.Number({ ...bearing, default: 0 }) }, strict);
const Look = Type.Object(
  {
    atS: Seconds('since the person came'),
    at: Type.Enum(gazes, { default: 'device', ...gazeMeaning }),
    yawDeg: Type.Optional(Type.Number({ ...turn, description: 'instead of what `at` means; positive to the right of the picture' })),
    pitchDeg: Type.Optional(Type.Number({ ...turn, description: 'positive up' })),
  },
  strict,
);
const Showing = Type.Object({ atS: Seconds('since the person came'), label: ExpressionLabel }, strict);
const Span = Type.Object({ fromS: Seconds('since the person came'), untilS: Seconds('since the person came') }, strict);

/** How far the readings lie from the truth. A part of each error stays for the whole visit, as a network errs on one face. */
export const Noise = Type.Object(
  {
    ageSd: Type.Number({ minimum: 0.5, maximum: 30, default: 5, description: 'years, of one reading' }),
    genderP: Type.Number({ minimum: 0.5, maximum: 0.995, default: 0.95, description: 'P of the right gender in a usual reading' }),
    expressionP: Type.Number({ minimum: 0.4, maximum: 0.99, default: 0.85, description: 'P of the shown expression in a usual reading' }),
    boxShare: Type.Number({ minimum: 0, maximum: 0.3, default: 0.015, description: 'sd of the size of the face box' }),
    poseDeg: Type.Number({ minimum: 0, maximum: 20, default: 2, description: 'sd of yaw and pitch' }),
    misses: Share('share of the frames in which the detector misses the face', 0.02),
  },
  strict,
);

export const VirtualPerson = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$', description: 'of your own; events name persons otherwise' }),
    enterS: Seconds('when the person comes', { default: 0 }),
    leaveS: Type.Optional(Seconds('when the person is gone; stays when absent')),
    age: Type.Number({ ...years, default: 35 }),
    gender: Type.Enum(genders, { default: 'female', description: 'apparent gender' }),
    path: Type.Optional(
      Type.Array(Step, {
        minItems: 1,
        maxItems: 200,
        description: 'straight from step to step; comes from the left to 0.9 m and leaves to the right when absent',
      }),
    ),
    look: Type.Optional(Type.Array(Look, { minItems: 1, maxItems: 200, description: 'at the device until leaving when absent' })),
    expression: Type.Array(Showing, { maxItems: 200, default: [], description: 'neutral before the first' }),
    hidden: Type.Array(Span, { maxItems: 50, default: [], description: 'behind something: no face to be seen' }),
    trackSwitchesS: Type.Array(Seconds('since the person came'), {
      maxItems: 50,
      default: [],
      description: 'a fault: sight loses the track and begins another',
    }),
    light: Share('mean luma of the face', 0.5),
    sharpness: Share('of the face; under 0.15 is blurred', 0.6),
    noise: Type.Object(Noise.properties, { ...strict, default: {} }),
  },
  strict,
);

const AgeGroup = Type.Object(
  { from: Years, to: Years, share: Type.Number({ exclusiveMinimum: 0, maximum: 1000, default: 1, description: 'weight of this group beside the others' }) },
  strict,
);

export const CrowdSettings = Type.Object(
  {
    perHour: Type.Number({ exclusiveMinimum: 0, maximum: 1200, description: 'visitors that come; more than find a place wait for one' }),
    dwellS: Type.Number({ minimum: 4, maximum: 3600, default: 20, description: 'median of a visit' }),
    atMost: Type.Integer({ minimum: 1, maximum: 6, default: 4, description: 'at once, side by side: nobody covers another' }),
    mix: Type.Object(
      {
        female: Share('of the visitors', 0.5),
        ages: Type.Array(AgeGroup, { minItems: 1, maxItems: 20, default: [{ from: 20, to: 70, share: 1 }], description: 'groups that ages are drawn from' }),
        look: Share('of the visitors that look at the device', 0.7),
        smile: Share('of those who look that smile', 0.4),
      },
      { ...strict, default: {} },
    ),
  },
  strict,
);

/** What can be changed of somebody who is here; what is not named stays. Places are walked to. */
export const LiveChange = Type.Object(
  {
    distanceM: Type.Optional(Metres),
    bearingDeg: Type.Optional(Type.Number(bearing)),
    look: Type.Optional(Type.Enum(gazes, gazeMeaning)),
    yawDeg: Type.Optional(Type.Number(turn)),
    pitchDeg: Type.Optional(Type.Number(turn)),
    expression: Type.Optional(ExpressionLabel),
    age: Type.Optional(Years),
    gender: Type.Optional(Type.Enum(genders)),
    light: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    sharpness: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    hidden: Type.Optional(Type.Boolean()),
  },
  strict,
);

export const Scenario = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 80, default: 'scenario', description: 'for the console and the terminal' }),
    seed: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1, default: 1, description: 'the same seed gives the same observations' }),
    camera: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$', default: 'simulated', description: 'stands in events as the source' }),
    width: Type.Integer({ minimum: 320, maximum: 3840, default: 1280, description: 'pixels of the picture' }),
    height: Type.Integer({ minimum: 240, maximum: 3840, default: 720, description: 'pixels of the picture' }),
    framesPerSecond: Type.Number({ minimum: 1, maximum: 60, default: 15, description: 'of the virtual camera' }),
    lengthS: Type.Optional(
      Type.Number({ minimum: 1, maximum: DAY_S, description: '4 s after the last has left when absent; a minute when somebody stays, an hour with a crowd' }),
    ),
    loop: Type.Boolean({ default: false, description: 'begin again at the end' }),
    people: Type.Array(VirtualPerson, { maxItems: MOST_PEOPLE, default: [], description: 'who comes when' }),
    crowd: Type.Optional(CrowdSettings),
  },
  strict,
);

export type Scenario = Type.Static<typeof Scenario>;
export type VirtualPerson = Type.Static<typeof VirtualPerson>;
export type CrowdSettings = Type.Static<typeof CrowdSettings>;
export type Noise = Type.Static<typeof Noise>;
export type LiveChange = Type.Static<typeof LiveChange>;
export type Gaze = (typeof gazes)[number];
export type Gender = (typeof genders)[number];
export type ExpressionLabel = Type.Static<typeof ExpressionLabel>;

/** Fills in defaults and checks. Errors: SCENARIO_INVALID with every fault, its path and the nearest known name. */
export function checkScenario(input: unknown, origin = 'the scenario'): Scenario {
  const scenario = checked(Scenario, input, origin);
  refuse(scenarioRuleFaults(scenario), origin);
  return scenario;
}

/** The same for a change of somebody who is here. */
export function checkLiveChange(input: unknown): LiveChange {
  return checked(LiveChange, input, 'the change');
}

function checked<S extends Type.TSchema>(schema: S, input: unknown, origin: string): Type.Static<S> {
  if (isDeeperThan(MAX_DEPTH, input)) {
    throw new MienError('SCENARIO_INVALID', `${origin}: expected at most ${MAX_DEPTH} levels, got more; see examples/scenarios`);
  }
  const value = Value.Default(schema, Value.Clone(input ?? {}));
  refuse(schemaFaults(schema, value), origin);
  return value as Type.Static<S>;
}

function refuse(faults: readonly string[], origin: string): void {
  if (faults.length === 0) return;
  const named = faults.slice(0, MOST_FAULTS).map((fault) => `  - ${fault}`);
  if (faults.length > MOST_FAULTS) named.push(`  - and ${faults.length - MOST_FAULTS} more`);
  throw new MienError('SCENARIO_INVALID', `${origin} has ${faults.length} fault(s):\n${named.join('\n')}`);
}

/** Seconds. */
export function lengthOf({ lengthS, people, crowd }: Scenario): number {
  if (lengthS !== undefined) return lengthS;
  if (crowd) return 3600;
  if (people.some(({ leaveS }) => leaveS === undefined)) return 60;
  return Math.max(0, ...people.map(({ leaveS = 0 }) => leaveS)) + 4;
}

/** What `mien simulate` plays when no file is named. */
export const greetingScenario = {
  name: 'greeting',
  seed: 6,
  people: [
    {
      id: 'anna',
      enterS: 1,
      leaveS: 19,
      age: 34,
      gender: 'female',
      expression: [
        { atS: 8, label: 'positive' },
        { atS: 11, label: 'neutral' },
      ],
    },
  ],
} as const;
