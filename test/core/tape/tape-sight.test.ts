/** A tape in the full host, in the place of sight. */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentLogger } from '../../../core/src/log.ts';
import { createMien } from '../../../core/src/mien.ts';
import { newSession } from '../../../core/src/session.ts';
import { checkScenario, greetingScenario } from '../../../core/src/simulate/scenario.ts';
import { createSimulatedSight } from '../../../core/src/simulate/simulated-sight.ts';
import { tapeHeader } from '../../../core/src/tape/tape-format.ts';
import { openTape } from '../../../core/src/tape/tape-reader.ts';
import { openTapeRecorder } from '../../../core/src/tape/tape-recorder.ts';
import { createTapeSight } from '../../../core/src/tape/tape-sight.ts';
import { rejectsWith } from '../../support/errors.ts';
import { createFakeSight, fakeModel } from '../../support/fake-sight.ts';
import { face, observation, testConfig } from '../../support/observations.ts';
import { until } from '../../support/processes.ts';
import { type RecordingHost, recordTape, replayed, tapeLines, writeTape } from '../../support/tapes.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const sights = suite('a tape as sight');

/** Somebody comes, the camera is lost and found, somebody else comes; time passes by ticks, as in a host. */
function scene({ people, hand, take }: RecordingHost): void {
  const show = (track: number, ms: number): void => {
    for (let t = 0; t < ms; t += 33) {
      hand.mono += 33;
      take(people.observe(observation(hand.mono, [face(track)])));
      if (t % 99 === 0) take(people.tick());
    }
  };
  show(1, 3000);
  take(people.notice({ type: 'camera.lost', camera: 'main', message: 'pulled out' }));
  for (let t = 0; t < 9000; t += 100) {
    hand.mono += 100;
    take(people.tick());
  }
  show(2, 3000);
}

async function play(path: string, speed: number, use: (mien: Awaited<ReturnType<typeof createMien>>, told: string[]) => Promise<void>): Promise<string[]> {
  const tape = await openTape(path);
  const sight = createTapeSight(tape, speed);
  const told: string[] = [];
  const onBus = (bus: { subscribe(filter: object, listener: (event: object) => void): unknown }): void =>
    void bus.subscribe({}, (event) => void told.push(JSON.stringify(event)));
  await using mien = await createMien(tape.config, { sight, session: sight.session, api: false, onBus });
  await use(mien, told);
  return told;
}

sights('the host tells the events of the tape, byte for byte, and its end', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'scene.mientape');
  const recorded = await recordTape(path, scene);
  const told = await play(path, Number.POSITIVE_INFINITY, async (mien) => {
    await mien.ended();
    const [camera] = mien.sight.status().cameras;
    assert.is(camera?.state, 'ended');
    assert.is(camera?.source, 'tape scene.mientape');
    assert.ok((camera?.processed ?? 0) > 150);
    assert.equal(await mien.sight.models.list(), []);
    await rejectsWith('BACKEND_UNAVAILABLE', () => mien.sight.analyze(new Uint8Array()));
    await rejectsWith('CAMERA_NOT_FOUND', () => mien.sight.preview('main').next());
    await rejectsWith('MODEL_NOT_FOUND', () => mien.sight.models.load('mien-attributes'));
  });
  assert.ok(recorded.some((line) => line.includes('camera.lost')) && recorded.some((line) => line.includes('camera.restored')));
  assert.equal(told, recorded);
});

sights('what a running host told, its timer ticking, is told again', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'live.mientape');
  const config = testConfig({ presence: { goneMs: 300, appearMs: 100 } });
  const session = newSession();
  const sight = createFakeSight();
  const told: string[] = [];
  {
    await using recorder = await openTapeRecorder(path, tapeHeader(config, session, false), { logger: silentLogger, clock: session.clock });
    await using mien = await createMien(config, {
      sight,
      session,
      onInput: recorder.onInput,
      api: false,
      onBus: (bus) => void bus.subscribe({}, (event) => void told.push(JSON.stringify(event))),
    });
    const now = session.clock.monoMs();
    for (let t = 0; t < 1500; t += 33) sight.observe(observation(now + t, [face(1)]));
    sight.notice({ type: 'backend.degraded', model: fakeModel, atMonoMs: now });
    // No frame comes any more: only the host's own ticks let the person go.
    await until('the person has left', 60_000, () => told.some((line) => line.includes('person.left')));
    assert.ok(mien.bus.ring.head > 2);
  }
  assert.equal((await replayed(path)).told, told);
});

sights('virtual people of a scenario are told again', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'virtual.mientape');
  const config = testConfig({ cameras: [{ name: 'simulated' }] });
  const session = newSession();
  const told: string[] = [];
  {
    await using recorder = await openTapeRecorder(path, tapeHeader(config, session, true), { logger: silentLogger, clock: session.clock });
    const scenario = checkScenario(greetingScenario);
    await using mien = await createMien(config, {
      sight: createSimulatedSight({ config, scenario, speed: Number.POSITIVE_INFINITY }),
      session,
      onInput: recorder.onInput,
      once: true,
      api: false,
      onBus: (bus) => void bus.subscribe({}, (event) => void told.push(JSON.stringify(event))),
    });
    await mien.ended();
  }
  assert.ok(told.some((line) => line.includes('person.left')));
  assert.equal((await replayed(path)).told, told);
});

sights('it stops in the middle when the host stops', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'scene.mientape');
  const recorded = await recordTape(path, scene);
  const told = await play(path, 0.001, async (mien) => {
    assert.is(mien.sight.status().state, 'running');
  });
  assert.ok(told.length < recorded.length);
});

sights('a tape that cannot be played on is told where somebody waits for its end', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'scene.mientape');
  await recordTape(path, scene);
  const lines = tapeLines(path);
  const broken = writeTape(folder.path, [...lines.slice(0, 50), '{"at":[0,0],"nonsense":1}']);
  await play(broken, Number.POSITIVE_INFINITY, async (mien) => {
    assert.match((await rejectsWith('TAPE_INVALID', () => mien.ended())).message, /record 50: expected one of/);
    assert.is(mien.sight.status().state, 'failed');
  });
});

sights.run();
