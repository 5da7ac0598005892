import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RecognitionSchedule, scheduleDefaults } from '../../../core/src/sight/schedule.ts';

const face = (id: number, score = 0.9) => ({ id, score });

/** Runs a face through frames every `intervalMs`; returns the times at which it was recognised. */
function recognised(schedule: RecognitionSchedule, intervalMs: number, frames: number, expression: boolean, quality = 0.8): number[] {
  const times: number[] = [];
  for (let i = 0; i < frames; i += 1) {
    const at = 5000 + i * intervalMs;
    for (const { id } of schedule.due([face(1)], at, expression)) {
      schedule.sampled(id, quality, at);
      times.push(at);
    }
  }
  return times;
}

const longestGap = (times: readonly number[]): number => Math.max(...times.slice(1).map((t, i) => t - (times[i] as number)));

const test = suite('schedule');

test('an unsettled face is read on every frame until its samples weigh enough', () => {
  const schedule = new RecognitionSchedule();
  const needed = Math.ceil(scheduleDefaults.settledWeight / 0.75);
  const times = recognised(schedule, 50, needed, true, 0.75);
  assert.is(times.length, needed);
  assert.ok(schedule.settled(1));
});

test('poor samples do not settle a face, but it does not cost every frame for ever', () => {
  const schedule = new RecognitionSchedule();
  const times = recognised(schedule, 50, 200, true, 0.2);
  assert.ok(times.length > scheduleDefaults.settledSamples && times.length < 110, `${times.length}`);
});

for (const framesPerSecond of [5, 7, 10, 12, 15, 18, 24, 25, 30, 50, 60]) {
  test(`a settled face is read at least five times a second with an expression head, at ${framesPerSecond} frames a second`, () => {
    const schedule = new RecognitionSchedule();
    const interval = 1000 / framesPerSecond;
    recognised(schedule, interval, 60, true);
    for (let i = 0; i < 20; i += 1) schedule.sampled(1, 0.9, 5000 + 60 * interval);
    const times: number[] = [];
    for (let i = 60; i < 300; i += 1) {
      const at = 5000 + i * interval;
      for (const { id } of schedule.due([face(1)], at, true)) {
        schedule.sampled(id, 0.9, at);
        times.push(at);
      }
    }
    assert.ok(longestGap(times) <= Math.max(200, interval) + 3, `${longestGap(times)} ms`);
    const seconds = (240 * interval) / 1000;
    const most = Math.min(framesPerSecond, 10);
    assert.ok(times.length / seconds <= most + 0.1, `no more than needed: ${times.length / seconds} a second`);
  });
}

test('without an expression head a settled face is read every two seconds', () => {
  const schedule = new RecognitionSchedule();
  recognised(schedule, 50, 20, false);
  const times: number[] = [];
  for (let i = 20; i < 420; i += 1) {
    for (const { id } of schedule.due([face(1)], 5000 + i * 50, false)) {
      schedule.sampled(id, 0.9, 5000 + i * 50);
      times.push(5000 + i * 50);
    }
  }
  assert.ok(longestGap(times) <= 2003 && times.length <= 11, `${times.length}, ${longestGap(times)} ms`);
});

test('a predicted face is not read: there is nothing to read', () => {
  assert.equal(new RecognitionSchedule().due([face(1, 0)], 0, true), []);
});

test('the oldest sample goes first, so that a short budget starves nobody', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 4 }), (count, budget) => {
      const schedule = new RecognitionSchedule();
      const faces = Array.from({ length: count }, (_, i) => face(i + 1));
      const last = new Map<number, number>();
      for (let frame = 0; frame < 100; frame += 1) {
        for (const { id } of schedule.due(faces, frame * 66, true).slice(0, budget)) {
          schedule.sampled(id, 0.9, frame * 66);
          last.set(id, frame);
        }
        if (frame < count) continue;
        for (const { id } of faces) assert.ok(frame - (last.get(id) ?? 0) <= Math.ceil(count / budget) + 3, `face ${id} waits`);
      }
    }),
  );
});

test('the rate counts the last two seconds', () => {
  const schedule = new RecognitionSchedule();
  for (let i = 0; i < 100; i += 1) schedule.sampled(1, 0.9, i * 100);
  assert.is(schedule.hz(9900), 10);
  assert.is(schedule.hz(10_900), 5);
  assert.is(schedule.hz(20_000), 0);
});

test('a face that is gone is forgotten', () => {
  const schedule = new RecognitionSchedule();
  recognised(schedule, 50, 20, true);
  assert.ok(schedule.settled(1));
  schedule.forget(1);
  assert.not.ok(schedule.settled(1));
});

test.run();
