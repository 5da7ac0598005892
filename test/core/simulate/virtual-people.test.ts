import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FaceSample, Observation } from '../../../core/src/observation.ts';
import { observed, played, standing } from '../../support/scenarios.ts';
import { only } from '../../support/stage.ts';

const people = suite('virtual people');

const facesOf = (observations: readonly Observation[], track?: number) =>
  observations.flatMap(({ faces }) => faces.filter((face) => track === undefined || face.track === track));
const endedOf = (observations: readonly Observation[]) => observations.flatMap(({ ended }) => ended);
const samplesOf = (observations: readonly Observation[]): FaceSample[] => facesOf(observations).flatMap(({ sample }) => (sample ? [sample] : []));
const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
const sd = (xs: readonly number[]): number => Math.sqrt(mean(xs.map((x) => (x - mean(xs)) ** 2)));
const steady = { misses: 0 };

people('the same seed gives the same observations and events to the last digit, another one others', () => {
  const scenario = { people: [{ id: 'anna', leaveS: 15 }], crowd: { perHour: 600 }, lengthS: 120 };
  const [one, same, other] = [1, 1, 2].map((seed) => {
    const observations: Observation[] = [];
    const { events, visits } = played({ ...scenario, seed }, {}, { onObservation: (observation) => observations.push(observation) });
    return JSON.stringify({ observations, events, visits });
  });
  assert.is(one, same);
  assert.is.not(one, other);
});

people('who is added changes nobody else', () => {
  const others = [standing({ id: 'bob', enterS: 1, path: [{ atS: 0, distanceM: 2, bearingDeg: 25 }] })];
  const alone = facesOf(observed({ people: [standing()] }, 5));
  const together = facesOf(observed({ people: [standing(), ...others] }, 5), 1);
  assert.equal(
    together.map(({ track: _, ...face }) => face),
    alone.map(({ track: _, ...face }) => face),
  );
});

people('everybody errs in their own way', () => {
  const twin = standing({ id: 'bea', path: [{ atS: 0, distanceM: 1.5, bearingDeg: 25 }], noise: steady });
  const observations = observed({ people: [standing({ noise: steady }), twin] }, 0.5);
  for (const { faces } of observations) {
    const [one, other] = samplesOf([{ ...(observations[0] as Observation), faces }]);
    assert.ok(one?.age && other?.age);
    assert.is.not(one.age.years, other.age.years);
  }
});

people('observations say that they are simulated and carry what their heads mean', () => {
  const [first] = observed({ people: [standing()], camera: 'door', width: 640, height: 480 }, 1);
  assert.ok(first);
  assert.equal(first.origin, { model: 'simulated', backend: 'none', npuCores: [], degraded: false, simulated: true });
  assert.is(first.camera, 'door');
  assert.equal([first.width, first.height], [640, 480]);
  assert.equal(first.heads.gender?.labels, ['female', 'male']);
  for (const event of played({ people: [standing({ leaveS: 4 })] }).events) {
    assert.is('origin' in event.data && event.data.origin?.simulated, true);
  }
});

people('ages err as a network does: a part stays for the visit, readings of neighbouring frames agree', () => {
  const visits = Array.from({ length: 150 }, (_, seed) =>
    samplesOf(observed({ seed, people: [standing({ age: 40, noise: { ...steady, ageSd: 5 } })] }, 3)).map(({ age }) => age?.years ?? 0),
  );
  const all = visits.flat();
  assert.ok(Math.abs(mean(all) - 40) < 1, `mean ${mean(all)}`);
  assert.ok(Math.abs(sd(all) - 5) < 0.6, `sd ${sd(all)}`);
  // Half of the variance belongs to the visit; averaging 3 s of the rest leaves about a sixth of it.
  const ofVisits = sd(visits.map(mean));
  assert.ok(ofVisits > 3.2 && ofVisits < 4.6, `sd of the visits' means ${ofVisits}`);
  const steps = visits.flatMap((visit) => visit.slice(1).map((years, i) => years - (visit[i] as number)));
  assert.ok(sd(steps) < 0.7 * 5, `sd of steps ${sd(steps)}`);
});

people('gender and expression lean to the truth, and are probabilities', () => {
  const samples = Array.from({ length: 40 }, (_, seed) =>
    samplesOf(observed({ seed, people: [standing({ gender: 'male', expression: [{ atS: 0, label: 'positive' }] })] }, 2)),
  ).flat();
  for (const { gender = [0, 0], expression = [] } of samples) {
    assert.ok(Math.abs(gender[0] + gender[1] - 1) < 1e-9);
    assert.ok(Math.abs(expression.reduce((sum, p) => sum + p, 0) - 1) < 1e-9);
    assert.ok([...gender, ...expression].every((p) => p >= 0 && p <= 1));
  }
  const male = mean(samples.map(({ gender }) => gender?.[1] ?? 0));
  const positive = mean(samples.map(({ expression }) => expression?.[2] ?? 0));
  assert.ok(male > 0.88 && male < 0.98, `male ${male}`);
  assert.ok(positive > 0.78 && positive < 0.9, `positive ${positive}`);
});

people('the detector misses as often as it is told to; the track goes on, predicted', () => {
  const faces = facesOf(observed({ people: [standing({ noise: { misses: 0.2 } })] }, 60)).slice(1);
  const missed = faces.filter(({ score }) => score === 0);
  assert.ok(Math.abs(missed.length / faces.length - 0.2) < 0.04, `${missed.length} of ${faces.length}`);
  assert.ok(missed.every(({ sample }) => sample === undefined));
  assert.is(new Set(faces.map(({ track }) => track)).size, 1);
});

people('every frame is recognised until a face is known, then five times a second', () => {
  const sampled = observed({ framesPerSecond: 30, people: [standing({ noise: steady })] }, 10).map(({ faces }) => faces[0]?.sample !== undefined);
  assert.ok(sampled.slice(0, 8).every(Boolean));
  const later = sampled.slice(150).filter(Boolean).length / 5;
  assert.ok(later >= 5 && later < 7, `${later} a second`);
});

people('light and sharpness are known only where the face was recognised', () => {
  const faces = facesOf(observed({ framesPerSecond: 30, people: [standing({ light: 0.4, sharpness: 0.7, noise: steady })] }, 5));
  assert.ok(faces.some(({ sample }) => sample) && faces.some(({ sample }) => !sample));
  for (const { sample, quality } of faces) assert.is(quality.light, sample ? 0.4 : undefined);
});

people('a short gap keeps the track, a long one ends it after a second', () => {
  const gap = (untilS: number) => observed({ people: [standing({ hidden: [{ fromS: 2, untilS }], noise: steady })] }, 8);
  const short = gap(2.7);
  assert.equal(endedOf(short), []);
  assert.equal([...new Set(facesOf(short).map(({ track }) => track))], [1]);
  const long = gap(5);
  assert.equal(endedOf(long), [{ track: 1, reason: 'lost' }]);
  assert.equal([...new Set(facesOf(long).map(({ track }) => track))], [1, 2]);
  const end = long.findIndex(({ ended }) => ended.length > 0);
  const lastSeen = long.findLastIndex(({ faces }, i) => i < end && (faces[0]?.score ?? 0) > 0);
  assert.ok(Math.abs((end - lastSeen) / 15 - 1) < 0.15, `${(end - lastSeen) / 15} s`);
  assert.is(long[end]?.faces.length, 0);
});

people('a track that is switched by mistake stays the same person', () => {
  const { events } = played({ people: [standing({ leaveS: 12, trackSwitchesS: [4, 7], noise: steady })] });
  assert.is(only(events, 'person.appeared').length, 1);
  assert.is(only(events, 'person.left').length, 1);
  const observations = observed({ people: [standing({ trackSwitchesS: [4, 7], noise: steady })] }, 10);
  assert.equal([...new Set(facesOf(observations).map(({ track }) => track))], [1, 2, 3]);
  assert.equal(
    endedOf(observations).map(({ track }) => track),
    [1, 2],
  );
});

people('who walks out of the picture has exited, who turns around is lost', () => {
  const out = observed({ people: [{ id: 'anna', leaveS: 10 }] }, 13);
  assert.equal(endedOf(out), [{ track: 1, reason: 'exited' }]);
  const turned = observed({ people: [standing({ look: [{ atS: 0 }, { atS: 3, at: 'back' }] })] }, 8);
  assert.equal(endedOf(turned), [{ track: 1, reason: 'lost' }]);
  assert.is(only(played({ people: [{ id: 'anna', leaveS: 10 }] }).events, 'person.left')[0]?.data.reason, 'exited');
});

people('who is behind somebody is not seen, who is far away neither', () => {
  const behind = standing({ id: 'bob', path: [{ atS: 0, distanceM: 3 }] });
  assert.ok(observed({ people: [standing(), behind] }, 3).every(({ faces }) => faces.length <= 1));
  assert.equal(facesOf(observed({ people: [standing({ path: [{ atS: 0, distanceM: 12 }] })] }, 3)), []);
});

people('heads turn in a moment, not at once', () => {
  const yaws = facesOf(
    observed({ framesPerSecond: 30, people: [standing({ look: [{ atS: 0 }, { atS: 1, at: 'right' }], noise: { poseDeg: 0, misses: 0 } })] }, 2),
  ).map(({ quality }) => quality.yawDeg);
  assert.ok(Math.abs(yaws[29] ?? 90) < 1);
  assert.ok((yaws[32] ?? 0) > 5 && (yaws[32] ?? 90) < 45);
  assert.ok(Math.abs((yaws[59] ?? 0) - 50) < 1);
  assert.ok(yaws.slice(31, 50).every((yaw, i, all) => i === 0 || yaw >= (all[i - 1] as number)));
});

people('a loop ends the tracks and begins again with new ones', () => {
  const looping = observed({ loop: true, lengthS: 5, people: [standing({ noise: steady })] }, 12);
  assert.equal([...new Set(facesOf(looping).map(({ track }) => track))], [1, 2, 3]);
  assert.equal(
    endedOf(looping).map(({ reason }) => reason),
    ['lost', 'lost'],
  );
  const times = looping.map(({ capturedMonoMs }) => capturedMonoMs);
  assert.ok(times.every((t, i) => i === 0 || t > (times[i - 1] as number)));
});

people('the ledger tells the truth about a visit', () => {
  const person = standing({
    enterS: 2,
    leaveS: 12,
    look: [
      { atS: 0, at: 'away' },
      { atS: 4, at: 'device' },
      { atS: 8, at: 'back' },
    ],
  });
  const { visits } = played({ people: [person, standing({ id: 'stays', path: [{ atS: 0, distanceM: 2, bearingDeg: 20 }] })], lengthS: 20 });
  const [visit, stays] = visits;
  assert.equal([visit?.id, visit?.enteredMs, visit?.closestM], ['anna', 2000, 1.5]);
  assert.ok(Math.abs((visit?.leftMs ?? 0) - 12_000) < 100);
  assert.ok(Math.abs((visit?.facingMs ?? 0) - 4000) < 200, String(visit?.facingMs));
  assert.ok(Math.abs((visit?.inSightMs ?? 0) - 8000) < 300, String(visit?.inSightMs));
  assert.equal([stays?.id, stays?.leftMs], ['stays', null]);
});

people.run();
