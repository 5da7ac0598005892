import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienEvent } from '../../../core/src/events.ts';
import { silentLogger } from '../../../core/src/log.ts';
import type { Delivery } from '../../../core/src/plugin.ts';
import { DiskOutbox, type DiskOutboxOptions } from '../../../core/src/plugin-runtime/outbox.ts';
import { sampleEvent } from '../../support/event-samples.ts';
import { must } from '../../support/must.ts';
import { until } from '../../support/processes.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const test = suite('outbox');

const eventOf = (n: number, pad = 0): MienEvent => ({ ...sampleEvent('person.left', 1), id: `boot-${n}`, subject: `n/${n}${'x'.repeat(pad)}` }) as MienEvent;
const numberOf = (event: MienEvent): number => Number(event.id.split('-')[1]);

/** An outbox whose sends succeed while the gate is open; else they wait for it or for their signal. */
class Stand {
  readonly sent: number[] = [];
  readonly attempts: number[] = [];
  readonly log: string[] = [];
  readonly box: DiskOutbox;
  failing = false;
  #gate = Promise.withResolvers<void>();
  #isOpen: boolean;

  constructor(folder: string, isOpen: boolean, options: Partial<DiskOutboxOptions> = {}) {
    this.#isOpen = isOpen;
    const write = (level: string) => (_: object, message: string) => this.log.push(`${level} ${message}`);
    const logger = { ...silentLogger, error: write('error'), warn: write('warn'), info: write('info') };
    this.box = new DiskOutbox(
      { folder, names: ['person.left'], maxEvents: 10_000, maxBytes: 1e9, retry: { firstMs: 1, capMs: 5 }, ...options },
      (event, delivery) => this.#send(event, delivery),
      logger,
      () => {},
    );
  }

  async #send(event: MienEvent, { signal, attempt }: Delivery): Promise<void> {
    this.attempts.push(attempt);
    if (this.failing) throw new Error('offline');
    const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    aborted.catch(() => {});
    if (!this.#isOpen) await Promise.race([this.#gate.promise, aborted]);
    this.sent.push(numberOf(event));
  }

  open(): void {
    this.#isOpen = true;
    this.#gate.resolve();
  }

  async keep(from: number, to: number, pad = 0): Promise<void> {
    await Promise.all(Array.from({ length: to - from + 1 }, (_, i) => this.box.keep(eventOf(from + i, pad))));
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('sends in order what it keeps, and leaves nothing behind', async () => {
  using folder = new TemporaryFolder();
  const stand = new Stand(folder.path, true);
  const early = stand.keep(1, 3);
  await stand.box.open();
  await early;
  await stand.keep(4, 200);
  await until('all are sent', 20_000, () => stand.sent.length === 200);
  assert.equal(stand.sent, range(1, 200));
  assert.equal([stand.box.held, stand.box.bytes, stand.box.sent, stand.box.dropped], [0, 0, 200, 0]);
  await stand.box.close();
  const next = new Stand(folder.path, true);
  await next.box.open();
  await next.keep(201, 202);
  await until('the new ones are sent', 20_000, () => next.sent.length === 2);
  assert.equal(next.sent, [201, 202]);
  await next.box.close();
  assert.ok(readdirSync(folder.path).length <= 2, readdirSync(folder.path).join());
});

test('kept is on disk: what was not sent is sent after a restart, also when the process was just gone', async () => {
  using folder = new TemporaryFolder();
  const first = new Stand(folder.path, false);
  await first.box.open();
  await first.keep(1, 40);
  assert.is(first.box.held, 40);
  // Not closed: as if it had been killed.
  const second = new Stand(folder.path, false);
  await second.box.open();
  assert.is(second.box.held, 40);
  await second.keep(41, 50);
  await second.box.close();
  const third = new Stand(folder.path, true);
  await third.box.open();
  await until('all are sent', 20_000, () => third.sent.length === 50);
  assert.equal(third.sent, range(1, 50));
  await third.box.close();
  await first.box.close();
});

test('an event that comes once more is kept once, whether it waits, has been sent, or was sent in an earlier life', async () => {
  using folder = new TemporaryFolder();
  const first = new Stand(folder.path, false);
  await first.box.open();
  await Promise.all([first.box.keep(eventOf(1)), first.box.keep(eventOf(1)), first.box.keep(eventOf(2))]);
  await first.box.keep(eventOf(1));
  assert.is(first.box.held, 2);
  first.open();
  await until('both are sent', 20_000, () => first.sent.length === 2);
  await first.keep(1, 2);
  assert.is(first.box.held, 0);
  await first.box.close();
  const second = new Stand(folder.path, true);
  await second.box.open();
  await second.keep(1, 3);
  await until('the new one is sent', 20_000, () => second.sent.length > 0);
  assert.equal(second.sent, [3]);
  await second.box.close();
});

test('a send that fails is tried again until it succeeds, in order; it is said once, and once when it works again', async () => {
  using folder = new TemporaryFolder();
  const stand = new Stand(folder.path, true);
  await stand.box.open();
  stand.failing = true;
  await stand.keep(1, 3);
  await until('it was tried five times', 20_000, () => stand.attempts.length >= 5);
  assert.equal(stand.attempts.slice(0, 5), [1, 2, 3, 4, 5]);
  stand.failing = false;
  await until('all are sent', 20_000, () => stand.sent.length === 3);
  assert.equal(stand.sent, [1, 2, 3]);
  assert.equal(stand.attempts.slice(-2), [1, 1]);
  assert.equal(stand.log, ['warn the outbox could not send: it will try again', 'info the outbox can send again']);
  await stand.box.close();
});

test('several at a time begin in order; what left out of turn is not sent again, and a failure holds back all that follows', async () => {
  using folder = new TemporaryFolder();
  const open = new Map<number, PromiseWithResolvers<void>>();
  const begun: string[] = [];
  const box = new DiskOutbox(
    { folder: folder.path, names: ['person.left'], maxEvents: 10_000, maxBytes: 1e9, inFlight: 3, retry: { firstMs: 1, capMs: 2 } },
    (event, { attempt }) => {
      const settled = Promise.withResolvers<void>();
      begun.push(`${numberOf(event)}/${attempt}`);
      open.set(numberOf(event), settled);
      return settled.promise;
    },
    silentLogger,
    () => {},
  );
  const seen = (what: string) => until(`begun: ${what}`, 20_000, () => begun.join(' ') === what);
  const lets = (n: number) => must(open.get(n)).resolve();
  await box.open();
  await Promise.all(range(1, 6).map((n) => box.keep(eventOf(n))));
  await seen('1/1 2/1 3/1');
  lets(2);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal([begun.length, box.held, box.sent], [3, 6, 1], 'no fourth before the first has left');
  lets(1);
  await seen('1/1 2/1 3/1 4/1 5/1');
  assert.is(box.held, 4);
  must(open.get(4)).reject(new Error('lost'));
  lets(3);
  await until('the third has left', 20_000, () => box.held === 3);
  assert.is(begun.length, 5, 'the fifth is still under way, and the sixth waits for it');
  lets(5);
  await seen('1/1 2/1 3/1 4/1 5/1 4/2 6/1');
  lets(6);
  lets(4);
  await until('all are sent', 20_000, () => box.held === 0);
  assert.equal([box.sent, box.dropped], [6, 0]);
  await box.close();
});

test('one of several that is dropped while it is sent counts once; what waits for another try is given up', async () => {
  using folder = new TemporaryFolder();
  const stand = new Stand(folder.path, false, { maxEvents: 4, inFlight: 3 });
  await stand.box.open();
  await stand.keep(1, 4);
  await until('three are being sent', 20_000, () => stand.attempts.length === 3);
  await stand.keep(5, 9);
  assert.equal([stand.box.held, stand.box.dropped], [4, 5]);
  stand.open();
  await until('the rest is sent', 20_000, () => stand.box.held === 0);
  // Whether the fourth was begun when the first was dropped is a matter of time.
  assert.equal(
    stand.sent.filter((n) => n !== 4),
    [1, 2, 3, 6, 7, 8, 9],
  );
  assert.equal([stand.box.sent, stand.box.dropped], [stand.sent.length, 9 - stand.sent.length]);
  await stand.box.close();
});

test('beyond its bounds the oldest are dropped and counted, also the one that is being sent', async () => {
  using folder = new TemporaryFolder();
  const stand = new Stand(folder.path, false, { maxEvents: 5 });
  await stand.box.open();
  await stand.keep(1, 12);
  assert.equal([stand.box.held, stand.box.dropped], [5, 7]);
  stand.open();
  await until('the rest is sent', 20_000, () => stand.box.held === 0);
  // Whether the first was on its way when it was dropped is a matter of time: if so, it has left all the same.
  const rest = stand.sent.filter((n) => n > 7);
  assert.equal(rest, range(8, 12));
  assert.is(stand.box.sent + stand.box.dropped, 12);
  assert.is(stand.box.sent, stand.sent.length);
  await stand.box.close();

  using other = new TemporaryFolder();
  const bytes = JSON.stringify(eventOf(10, 1000)).length;
  const small = new Stand(other.path, false, { maxBytes: bytes * 3 });
  await small.box.open();
  await small.keep(10, 19, 1000);
  assert.equal([small.box.held, small.box.bytes, small.box.dropped], [3, bytes * 3, 7]);
  await small.box.keep(eventOf(20, 100_000));
  assert.equal([small.box.held, small.box.dropped], [0, 11], 'one that is larger than all of it is dropped itself');
  await small.box.close();
});

test('files of what has left are deleted', async () => {
  using folder = new TemporaryFolder();
  const stand = new Stand(folder.path, false, { maxBytes: 3_000_000 });
  await stand.box.open();
  for (let n = 1; n <= 80; n++) await stand.box.keep(eventOf(n, 200_000));
  const size = (): number => readdirSync(folder.path).reduce((sum, name) => sum + statSync(join(folder.path, name)).size, 0);
  await until('16 MB have come, 3 are held', 20_000, () => size() < 6_000_000);
  stand.open();
  await until('all is sent', 20_000, () => stand.box.held === 0);
  await until('nothing is left', 20_000, () => size() < 1_400_000);
  await stand.box.close();
  const again = new Stand(folder.path, true);
  await again.box.open();
  assert.is(again.box.held, 0);
  await again.box.close();
});

test('what a kill or a power cut leaves unfinished is passed over', async () => {
  using folder = new TemporaryFolder();
  const first = new Stand(folder.path, false);
  await first.box.open();
  await first.keep(1, 5);
  await first.box.close();
  const segment = join(folder.path, must(readdirSync(folder.path).find((name) => name.endsWith('.jsonl'))));
  truncateSync(segment, statSync(segment).size - 7);
  const second = new Stand(folder.path, false);
  await second.box.open();
  assert.is(second.box.held, 4, 'the last line is torn');
  await second.keep(6, 7);
  await second.box.close();
  const lines = readFileSync(segment, 'utf8').split('\n');
  writeFileSync(segment, [lines[0], '\0\0\0garbage', '{"no":"id"}', ...lines.slice(2)].join('\n'));
  appendFileSync(segment, '{"id":"boot-99"');
  writeFileSync(join(folder.path, 'cursor.json'), '');
  writeFileSync(join(folder.path, 'cursor.new'), 'half');
  const third = new Stand(folder.path, true);
  await third.box.open();
  await until('the rest is sent', 20_000, () => third.box.held === 0);
  assert.equal(third.sent, [1, 3, 4, 6, 7]);
  await third.box.close();
});

test('a disk that cannot be written to: events wait, are said not to be taken, and follow when it can', async () => {
  using folder = new TemporaryFolder();
  const stand = new Stand(folder.path, true);
  await stand.box.open();
  const obstacle = join(folder.path, '0000000001.jsonl');
  mkdirSync(obstacle);
  let kept = 0;
  const all = range(1, 3).map((n) => stand.box.keep(eventOf(n)).then(() => (kept += 1)));
  await until('it says so', 20_000, () => stand.log.length > 0);
  assert.equal([kept, stand.sent.length], [0, 0]);
  rmdirSync(obstacle);
  await Promise.all(all);
  await until('all are sent', 20_000, () => stand.sent.length === 3);
  assert.equal(stand.log, ['error the outbox cannot write: events wait until it can', 'info the outbox can write again']);
  await stand.box.close();
});

test('closing aborts what is being sent and leaves it for the next life; what comes later is not taken', async () => {
  using folder = new TemporaryFolder();
  const stand = new Stand(folder.path, false);
  await stand.box.open();
  await stand.keep(1, 2);
  await until('the first is being sent', 20_000, () => stand.attempts.length === 1);
  await Promise.all([stand.box.close(), stand.box.close()]);
  let late = false;
  stand.box.keep(eventOf(3)).then(() => {
    late = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal([late, stand.sent.length, stand.box.held], [false, 0, 2]);
  const next = new Stand(folder.path, true);
  await next.box.open();
  await until('both are sent', 20_000, () => next.sent.length === 2);
  await next.box.close();
});

test('a folder that cannot be made rejects', async () => {
  using folder = new TemporaryFolder();
  writeFileSync(join(folder.path, 'file'), '');
  const stand = new Stand(join(folder.path, 'file', 'box'), true);
  await stand.box.open().then(
    () => assert.unreachable(),
    (fault) => assert.match(String(fault), /ENOTDIR/),
  );
  assert.not.ok(existsSync(join(folder.path, 'file', 'box')));
});

test.run();
