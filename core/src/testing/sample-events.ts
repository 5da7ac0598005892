/** Whole, valid events in a line, for `bench.emit`: `personAppeared({ age: 30 })`. */
import { minorProbability } from '../age-distribution.ts';
import { createEnveloper } from '../enveloper.ts';
import type { AgeEstimate, EventData, EventName, EventOf, EventOrigin, Person, SessionTotals } from '../events.ts';
import { AGE_BANDS, bandProbability, likeliestBand } from '../people/age-bands.ts';
import { updateRule } from '../people/report.ts';

/** Somebody as a test says it. What is not named is not known of them (age, gender, expression) or usual: 1.5 m away, looking at the device. */
export interface Guest {
  /** `p-` and five of 0-9 a-z. */
  readonly id?: string;
  readonly camera?: string;
  /** Years, or why it is withheld. */
  readonly age?: number | Exclude<Person['age'], AgeEstimate | undefined>;
  readonly gender?: 'female' | 'male' | Exclude<Person['gender'], { p: number } | undefined>;
  readonly expression?: 'negative' | 'neutral' | 'positive' | Exclude<Person['expression'], { p: number } | undefined>;
  readonly distanceM?: number;
  readonly zone?: string;
  readonly attending?: boolean;
  readonly engagement?: Person['engagement'];
  readonly returned?: boolean;
}

const START_MONO_MS = 10_000;
const START_WALL_MS = Date.UTC(2026, 0, 1, 12);
const origin: EventOrigin = { model: 'test', backend: 'none', npuCores: [], degraded: false, simulated: true, profile: 'demo' };
let count = 0;
const enveloper = createEnveloper('test', { bootId: 'test', monoMs: () => START_MONO_MS + 1000 * count });

/** One second after the event before. */
function made<N extends EventName>(name: N, subject: string, camera: string, data: EventData<N>): EventOf<N> {
  count += 1;
  return enveloper.envelope(name, { camera, subject, capturedMonoMs: START_MONO_MS + 1000 * count, capturedWallMs: START_WALL_MS + 1000 * count }, data);
}

const why = (rule: string, heldMs = 0) => ({ rule, heldMs, thresholds: {} });

export function personAppeared(guest: Guest = {}): EventOf<'person.appeared'> {
  const person = personOf(guest);
  return of('person.appeared', person, { origin, why: why('appear', 280), person });
}

export interface Update {
  /** What is news of the guest; what is known of age, gender and expression unless said otherwise, else their zone. */
  readonly changed?: readonly (keyof Person)[];
  readonly previous?: Partial<Person>;
  /** What became stable now, the moment to greet: those of `changed` that can, unless said otherwise. */
  readonly settled?: ReadonlyArray<'age' | 'gender' | 'expression'>;
}

const settling = ['age', 'gender', 'expression'] as const;

export function personUpdated(guest: Guest = {}, { changed, previous = {}, settled }: Update = {}): EventOf<'person.updated'> {
  const person = personOf(guest);
  const estimated = settling.filter((name) => typeof guest[name] === 'number' || typeof guest[name] === 'string');
  const news = changed ?? (estimated.length > 0 ? estimated : (['zone'] as const));
  const now = settled ?? estimated.filter((name) => news.includes(name));
  const rule = updateRule({ changed: news, settled: now });
  return of('person.updated', person, { origin, why: why(rule, 1000), person, changed: [...news], previous, settled: [...now] });
}

export function personLeft(
  guest: Guest = {},
  { reason = 'exited', dwellMs = 8000 }: { readonly reason?: EventOf<'person.left'>['data']['reason']; readonly dwellMs?: number } = {},
): EventOf<'person.left'> {
  const person: Person = { ...personOf(guest), state: 'left' };
  const { age, gender, expression } = person;
  const session: SessionTotals = {
    dwellMs,
    attentionMs: dwellMs / 2,
    glances: 0,
    looks: 1,
    closestM: person.distance.m,
    zones: { near: 0, mid: dwellMs, far: 0 },
    ...(age && { age }),
    ...(gender && { gender }),
    ...(expression && { expression }),
  };
  return of('person.left', person, { origin, why: why('gone', 2000), person, reason, session });
}

export function emotionChanged(
  guest: Guest = {},
  { from = 'neutral', to = 'positive' }: { readonly from?: string; readonly to?: string } = {},
): EventOf<'emotion.changed'> {
  const shown = to === 'negative' || to === 'neutral' || to === 'positive' ? to : undefined;
  const person = personOf({ ...(shown && { expression: shown }), ...guest });
  return of('emotion.changed', person, { origin, why: why('expression.switch', 800), person, from, to, onsetMonoMs: onsetMs(800) });
}

export function attentionStarted(guest: Guest = {}): EventOf<'attention.started'> {
  const person = personOf({ attending: true, ...guest });
  return of('attention.started', person, { origin, why: why('attention.on', 500), person, onsetMonoMs: onsetMs(500) });
}

export function attentionEnded(guest: Guest = {}, { durationMs = 3000 }: { readonly durationMs?: number } = {}): EventOf<'attention.ended'> {
  const person = personOf({ attending: false, ...guest });
  const kind = durationMs < 1000 ? 'glance' : 'look';
  return of('attention.ended', person, { origin, why: why('attention.off', 800), person, onsetMonoMs: onsetMs(durationMs + 800), durationMs, kind });
}

export function cameraLost(camera = 'main', message = 'unplugged'): EventOf<'camera.lost'> {
  return made('camera.lost', `camera/${camera}`, camera, { origin, why: why('camera.lost'), camera: { name: camera, message } });
}

export function cameraRestored(camera = 'main', message = 'frames come again'): EventOf<'camera.restored'> {
  return made('camera.restored', `camera/${camera}`, camera, { origin, why: why('frame'), camera: { name: camera, message } });
}

const onsetMs = (agoMs: number): number => START_MONO_MS + 1000 * (count + 1) - agoMs;

function of<N extends EventName>(name: N, { id, camera }: Person, data: EventData<N>): EventOf<N> {
  return made(name, `person/${id}`, camera, data);
}

function personOf(guest: Guest): Person {
  const { id = 'p-guest', camera = 'main', distanceM = 1.5, attending = true, returned = false } = guest;
  const side = 0.24 / distanceM;
  return {
    id,
    camera,
    state: 'present',
    sinceMs: 2000,
    returned,
    box: [0.5 - side / 2, 0.4 - side / 2, side, side],
    distance: { m: distanceM, sd: 0.1, calibrated: false },
    bearingDeg: 0,
    zone: guest.zone ?? (distanceM <= 1 ? 'near' : distanceM <= 2.5 ? 'mid' : 'far'),
    quality: { score: 0.9, facePx: Math.round(side * 1280), yawDeg: 0, pitchDeg: 0, rollDeg: 0, light: 0.5, sharpness: 0.8 },
    ...(guest.age !== undefined && { age: typeof guest.age === 'number' ? ageOf(guest.age) : guest.age }),
    ...(guest.gender !== undefined && { gender: typeof guest.gender === 'string' ? { label: guest.gender, p: 0.97, n: 12, stable: true } : guest.gender }),
    ...(guest.expression !== undefined && { expression: typeof guest.expression === 'string' ? expressionOf(guest.expression) : guest.expression }),
    attention: { state: attending ? 'attending' : 'away', score: attending ? 0.9 : 0.1, currentMs: attending ? 1200 : 0, totalMs: 1200, glances: 0 },
    engagement: guest.engagement ?? 'unknown',
  };
}

const AGE_SD = 4;

function ageOf(years: number): AgeEstimate {
  const band = likeliestBand(years, AGE_SD);
  const rounded = (x: number): number => Math.round(x * 1000) / 1000;
  return {
    years,
    sd: AGE_SD,
    p05: Math.max(0, years - 1.645 * AGE_SD),
    p95: years + 1.645 * AGE_SD,
    band: AGE_BANDS[band] as string,
    bandP: rounded(bandProbability(band, years, AGE_SD)),
    minorP: rounded(minorProbability({ years, sd: AGE_SD })),
    n: 12,
    stable: true,
  };
}

function expressionOf(label: 'negative' | 'neutral' | 'positive'): Exclude<Person['expression'], undefined> {
  const probs = { negative: 0.1, neutral: 0.1, positive: 0.1, [label]: 0.8 };
  return { label, p: 0.8, probs, valence: probs.positive - probs.negative, n: 12, stable: true };
}
