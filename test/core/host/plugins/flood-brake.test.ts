import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FloodBrake } from '../../../../core/src/host/plugins/flood-brake.ts';
import { until } from '../../../support/processes.ts';

const brake = suite('flood brake');

const patienceMs = 30_000;
const mega = 1024 * 1024;

/** Counts what the brake does with it. */
class Stream {
  pauses = 0;
  resumes = 0;
  floods = 0;
  pause(): void {
    this.pauses += 1;
  }
  resume(): void {
    this.resumes += 1;
  }
  flooded = (): void => {
    this.floods += 1;
  };
}
const rates = { messagesPerSecond: 1000, bytesPerSecond: mega, floodMs: 60_000 };

brake('what keeps to the rate is never held up', () => {
  const stream = new Stream();
  using made = new FloodBrake(rates, stream, stream.flooded);
  for (let i = 1; i <= 150; i += 1) made.took(i * 100);
  assert.is(stream.pauses, 0);
  assert.not(made.isBraking);
});

brake('a burst is read on later, and is no flood', async () => {
  const stream = new Stream();
  using made = new FloodBrake(rates, stream, stream.flooded);
  for (let i = 1; i <= 1000; i += 1) made.took(i);
  assert.ok(stream.pauses > 0);
  assert.ok(made.isBraking);
  await until('it is read on', patienceMs, () => stream.resumes === 1);
  assert.not(made.isBraking);
  assert.is(stream.floods, 0);
});

brake('few messages of many bytes are held up as well', async () => {
  const stream = new Stream();
  using made = new FloodBrake(rates, stream, stream.flooded);
  made.took(mega);
  assert.is(stream.pauses, 1);
  await until('it is read on', patienceMs, () => stream.resumes === 1);
});

brake('who never comes to rest floods, and is read as fast as agreed, no faster', async () => {
  let said = 0;
  let floods = 0;
  const startedAt = performance.now();
  const stream = { pause: () => {}, resume: () => talk() };
  const flooded = (): void => {
    floods += 1;
  };
  const made = new FloodBrake({ ...rates, floodMs: 200 }, stream, flooded);
  const talk = (): void => {
    while (!made.isBraking) {
      said += 1;
      made.took(said);
    }
  };
  talk();
  await until('it counts as a flood', patienceMs, () => floods === 1);
  const most = 200 + (performance.now() - startedAt) + 50;
  made[Symbol.dispose]();
  assert.ok(said <= most, `${said} messages were read, at most ${most.toFixed(0)} were agreed`);
});

brake.run();
