import type { Config } from '../config.ts';
import type { HeadLabels } from '../observation.ts';
import type { PersonState } from './person.ts';

/** A rule that holds something back, and how far it has come. `progress` and `thresholds` share their keys. */
export interface WhyNot {
  /** What has not happened: an event, or an attribute. */
  readonly what: string;
  readonly rule: string;
  /** The same in words. */
  readonly detail: string;
  readonly heldMs: number;
  readonly progress: Readonly<Record<string, number>>;
  readonly thresholds: Readonly<Record<string, number>>;
}

type Pairs = Readonly<Record<string, readonly [now: number, needed: number]>>;

function held(what: string, rule: string, detail: string, pairs: Pairs, heldMs = 0): WhyNot {
  const entries = Object.entries(pairs);
  return {
    what,
    rule,
    detail,
    heldMs: Math.round(heldMs),
    progress: Object.fromEntries(entries.map(([key, [now]]) => [key, Math.round(now * 1000) / 1000])),
    thresholds: Object.fromEntries(entries.map(([key, [, needed]]) => [key, Math.round(needed * 1000) / 1000])),
  };
}

const percent = (p: number): string => `${Math.round(p * 100)} %`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Everything that is held back for a person now. */
export function whyNot(person: PersonState, config: Config, heads: HeadLabels, t: number): WhyNot[] {
  return [
    ...identity(person, t),
    ...sample(person, config),
    ...age(person, config, heads),
    ...adult(person, config, heads, t),
    ...zone(person, config),
    ...attention(person, config),
  ];
}

function* identity({ doubtSince }: PersonState, t: number): Generator<WhyNot> {
  if (doubtSince !== null) {
    yield held('attributes', 'identity.doubt', 'the track may show another person now; attributes wait until new samples agree', {}, t - doubtSince);
  }
}

function* sample({ evidence, quality: q }: PersonState, { quality: limit }: Config): Generator<WhyNot> {
  const words = {
    too_small: `the face is ${Math.round(q.facePx)} px, ${limit.facePx} are needed`,
    yaw: `the head is turned by ${Math.round(Math.abs(q.yawDeg))}°, ${limit.yawDeg}° count`,
    pitch: `the head is tilted by ${Math.round(Math.abs(q.pitchDeg))}°, ${limit.pitchDeg}° count`,
    dark: 'the face is too dark',
    blur: 'the face is blurred',
    low_confidence: `the quality is ${q.score.toFixed(2)}, ${limit.score} is needed`,
    policy: 'withheld by policy',
  };
  if (evidence.reason === null) return;
  yield held('sample', `quality.${evidence.reason}`, words[evidence.reason], {
    facePx: [q.facePx, limit.facePx],
    yawDeg: [Math.abs(q.yawDeg), limit.yawDeg],
    pitchDeg: [Math.abs(q.pitchDeg), limit.pitchDeg],
    score: [q.score, limit.score],
  });
}

function* age({ evidence }: PersonState, { attributes: rules }: Config, heads: HeadLabels): Generator<WhyNot> {
  if (!heads.age || evidence.age.settled) return;
  const { weighted, n, sd, sdLimit } = evidence.age;
  const detail =
    n === 0
      ? 'no sample has counted yet'
      : `${weighted.toFixed(1)} of ${rules.ageSamples} weighted samples, ±${sd.toFixed(1)} of under ±${sdLimit.toFixed(1)} years`;
  yield held('settled age', 'age.settled', detail, { ageSamples: [weighted, rules.ageSamples], ...(n > 0 && { ageSd: [sd, sdLimit] as const }) });
}

/** What is told of adults only. */
function* adult({ evidence }: PersonState, config: Config, heads: HeadLabels, t: number): Generator<WhyNot> {
  const { attributes: rules } = config;
  const { gender, expression } = evidence;
  if (evidence.minor) {
    yield held('gender, expression', 'minor', `P(age < 18) is ${percent(evidence.age.minorP)}, over ${percent(rules.minorP)} neither is told`, {
      minorP: [evidence.age.minorP, rules.minorP],
    });
    return;
  }
  const p = gender.p(gender.likelier);
  if (heads.gender && gender.label < 0) {
    const detail =
      gender.n === 0 ? 'no sample has counted yet' : `${percent(p)} of ${percent(rules.genderP)} with ${gender.n} of ${rules.genderSamples} samples`;
    yield held('settled gender', 'gender.commit', detail, { genderSamples: [gender.n, rules.genderSamples], genderP: [p, rules.genderP] });
  } else if (heads.gender && gender.likelier !== gender.label) {
    const detail = `another label stands at ${percent(p)}; it turns over at ${percent(rules.genderTurnP)} held for ${seconds(rules.genderTurnMs)}`;
    yield held(
      'gender',
      'gender.turn',
      detail,
      { genderTurnP: [p, rules.genderTurnP], genderTurnMs: [gender.turnHeldMs, rules.genderTurnMs] },
      gender.turnHeldMs,
    );
  }
  const [best, second] = expression.leaders;
  if (!heads.expression || best === expression.label) return;
  const { p: needed, margin, holdMs } = config.expression;
  const lead = expression.p(best) - expression.p(second);
  const resting = expression.restMs(t) > 0;
  const detail = resting
    ? `it rests for ${seconds(expression.restMs(t))} more after the last switch`
    : `${percent(expression.p(best))} of ${percent(needed)}, ahead by ${percent(lead)} of ${percent(margin)}, held ${seconds(expression.heldMs)} of ${seconds(holdMs)}`;
  yield held(
    expression.label < 0 ? 'settled expression' : 'emotion.changed',
    resting ? 'expression.rest' : 'expression.switch',
    detail,
    { p: [expression.p(best), needed], margin: [lead, margin], holdMs: [expression.heldMs, holdMs] },
    expression.heldMs,
  );
}

function* zone({ drawn, zone: present }: PersonState, { zones: { holdMs } }: Config): Generator<WhyNot> {
  if (!drawn.next) return;
  const { name, heldMs } = drawn.next;
  const detail = `${name ? `stands in ${name}` : `stands outside of ${present}`}, held ${seconds(heldMs)} of ${seconds(holdMs)}`;
  yield held('zone', 'zone.hold', detail, { holdMs: [heldMs, holdMs] }, heldMs);
}

function* attention({ attention: now, place, engagement }: PersonState, { attention: rules, distance, engagement: { engageMs } }: Config): Generator<WhyNot> {
  const { on, onMs, off, offMs } = rules;
  const score = now.score.toFixed(2);
  if (now.attending) {
    yield held(
      'attention.ended',
      'attention.off',
      `score ${score}, under ${off} held ${seconds(now.heldMs)} of ${seconds(offMs)}`,
      { off: [now.score, off], offMs: [now.heldMs, offMs] },
      now.heldMs,
    );
  } else {
    yield held(
      'attention.started',
      'attention.on',
      `score ${score} of ${on}, held ${seconds(now.heldMs)} of ${seconds(onMs)}`,
      { on: [now.score, on], onMs: [now.heldMs, onMs] },
      now.heldMs,
    );
  }
  if (engagement.level === 'engaged') return;
  const detail = `${place.zone} at ${place.m.toFixed(1)} m, attending for ${seconds(now.currentMs)}; near and ${seconds(engageMs)} make engaged`;
  yield held('engaged', 'engagement', detail, { distanceM: [place.m, distance.nearEnterM], attendingMs: [now.currentMs, engageMs] });
}
