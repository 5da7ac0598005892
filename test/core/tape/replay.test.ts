/** What was recorded is told again, byte for byte. */
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { Static } from 'typebox';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config } from '../../../core/src/config.ts';
import type { Observation } from '../../../core/src/observation.ts';
import { createPeople } from '../../../core/src/people/people.ts';
import { type ObservationSchema, tapeHeader } from '../../../core/src/tape/tape-format.ts';
import { openTape } from '../../../core/src/tape/tape-reader.ts';
import { CAMERAS, Crowd } from '../../support/crowd.ts';
import { type Action, actions, type Scene, scenes } from '../../support/crowd-actions.ts';
import { fakeModel } from '../../support/fake-sight.ts';
import { face, observation, smiling, testConfig, woman } from '../../support/observations.ts';
import { times } from '../../support/soak.ts';
import { type RecordingHost, recordTape, replayed, tapeLines } from '../../support/tapes.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const replays = suite('replayed tapes');

const twoCameras = testConfig({
  cameras: [
    {
      name: 'main',
      source: 'rtsp://user:hush@somewhere/live',
      zones: [
        {
          name: 'door',
          polygon: [
            [0, 0.3],
            [0.5, 0.3],
            [0.5, 1],
            [0, 1],
          ],
        },
      ],
    },
    { name: 'side', exitsVisible: false },
  ],
});

/** Plays a script on both cameras with ticks, notices, events of others and a look at everybody in between. */
function play({ people, enveloper, hand, take }: RecordingHost, scripts: readonly Action[][], scene: Scene): void {
  const crowds = CAMERAS.map((camera, i) => new Crowd(camera, { ...scene, seed: scene.seed + i }));
  const wait = (ms: number): void => {
    for (let left = ms; left > 0; left -= 100) {
      hand.mono += Math.min(100, left);
      take(people.tick());
    }
  };
  for (let i = 0; i < Math.max(...scripts.map(({ length }) => length)); i++) {
    for (const [c, crowd] of crowds.entries()) {
      const action = scripts[c]?.[i];
      if (!action) continue;
      const silenceMs = crowd.act(action);
      if (action.kind === 'silence' && action.notice) take(people.notice({ type: 'camera.lost', camera: CAMERAS[c] as string, message: 'pulled out' }));
      wait(silenceMs);
      for (let n = 0; n < action.frames; n++) {
        hand.mono += scene.frameMs;
        take(people.observe(crowd.frame().observation));
      }
      // Others look at people at any time; that must change nothing.
      people.current();
      people.whyNot('p-00000');
    }
    if (i % 7 === 3) take(people.notice({ type: 'model.selftest', model: fakeModel }));
    if (i % 7 === 5) {
      const moment = { subject: 'plugin/greeter', capturedMonoMs: hand.mono, capturedWallMs: hand.wallStart };
      const data = { why: { rule: 'plugin.crashed', heldMs: 0, thresholds: {} }, plugin: { name: 'greeter', reason: 'threw', crashes: i } };
      take([enveloper.envelope('plugin.failed', moment, data)]);
    }
  }
  take(people.notice({ type: 'camera.ended', camera: 'main', message: 'over' }));
  wait(12_000);
}

replays('give the events of any crowd again, byte for byte', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'crowd.mientape');
  let events = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(actions, { minLength: 2, maxLength: 2 }), scenes, async (scripts, scene) => {
      const told = await recordTape(path, (host) => play(host, scripts, scene), twoCameras);
      const again = await replayed(path);
      assert.equal(again.told, told);
      assert.is(again.result.ending, 'whole');
      events += told.length;
    }),
    { numRuns: times(25), includeErrorInReport: true },
  );
  assert.ok(events > 500, `${events} events are no proof`);
});

/** One visit of eight seconds. */
function visit({ people, hand, take }: RecordingHost): void {
  for (let t = 33; t < 8000; t += 33) {
    hand.mono += 33;
    take(people.observe(observation(t, t < 5000 ? [face(1, { sample: t < 2500 ? woman : smiling(woman) })] : [])));
    if (t % 99 === 0) take(people.tick());
  }
}

replays('a number is told again to its last digit', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'visit.mientape');
  const told = await recordTape(path, visit);
  assert.ok(told.some((line) => line.includes('person.left')));
  assert.equal((await replayed(path)).told, told);
});

replays('other settings give other events, on purpose', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'visit.mientape');
  const told = await recordTape(path, visit);
  const other = await replayed(path, { config: testConfig({ presence: { appearMs: 600 } }) });
  assert.not.equal(other.told, told);
  assert.match(other.told[0] as string, /"heldMs":6\d\d/);
});

replays('at a speed they take their time, and stop when told', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'visit.mientape');
  await recordTape(path, visit);
  const started = performance.now();
  const { result } = await replayed(path, { speed: 20 });
  assert.ok(performance.now() - started >= result.lastedMs / 20 - 5, 'not faster than asked');
  const stop = new AbortController();
  const slow = replayed(path, { speed: 0.001, signal: stop.signal });
  setTimeout(() => stop.abort(new Error('enough')), 50);
  await slow.then(
    () => assert.unreachable(),
    (fault) => assert.is((fault as Error).message, 'enough'),
  );
});

replays('say nothing of where a camera is or how to log in, and hold no pictures', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'crowd.mientape');
  await recordTape(path, (host) => play(host, [[{ kind: 'enter', who: 0, frames: 20 }]], { seed: 1, frameMs: 33, spacing: 0.2, full: true }), twoCameras);
  const [header] = tapeLines(path);
  assert.not.match(header as string, /rtsp|hush|somewhere|source/);
  assert.match(header as string, /"door"/);
  const tape = await openTape(path);
  assert.equal(tape.config.presence, twoCameras.presence);
  await tape[Symbol.asyncDispose]();
});

replays('the header holds every setting that people read', () => {
  const read = new Set<string>();
  const watch = (value: object, prefix: string): object =>
    new Proxy(value, {
      get(target, key) {
        const inner = Reflect.get(target, key) as unknown;
        if (typeof key === 'symbol' || Array.isArray(target)) return typeof inner === 'object' && inner !== null ? watch(inner, prefix) : inner;
        read.add(`${prefix}${key}`);
        return key === 'cameras' ? watch(inner as object, 'cameras.') : inner;
      },
    });
  const people = createPeople(watch(twoCameras, '') as Config, undefined, { monoMs: () => 0, wallMs: () => 0 });
  const crowds = CAMERAS.map((camera) => new Crowd(camera, { seed: 7, frameMs: 33, spacing: 0.25, full: true }));
  for (let i = 0; i < 400; i++) for (const crowd of crowds) people.observe(crowd.frame().observation);
  for (let t = 0; t < 30_000; t += 500) people.tick(t);
  const { config } = tapeHeader(twoCameras, { bootId: 'b', idSeed: 's', clock: { monoMs: () => 0, wallMs: () => 0 } }, false);
  const cameras = config['cameras'] as object[];
  const held = new Set([...Object.keys(config), ...cameras.flatMap((camera) => Object.keys(camera)).map((key) => `cameras.${key}`)]);
  assert.ok(read.size > 10, [...read].join(' '));
  // An optional setting that is absent is read as such on both sides.
  const optional = new Set(['cameras.calibration']);
  assert.equal(
    [...read].filter((key) => !held.has(key) && !optional.has(key)),
    [],
  );
});

type Mutable<T> = T extends readonly unknown[]
  ? { -readonly [K in keyof T]: Mutable<T[K]> }
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

replays('the schema of a tape and the contract of sight are the same observation', () => {
  const same: Same<Mutable<Static<typeof ObservationSchema>>, Mutable<Observation>> = true;
  assert.ok(same);
});

replays.run();
