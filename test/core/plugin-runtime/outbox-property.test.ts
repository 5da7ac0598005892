/** An outbox under any order of events, failures, restarts and crashes: nothing that was taken is lost, nothing is out of order. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienEvent } from '../../../core/src/events.ts';
import { silentLogger } from '../../../core/src/log.ts';
import { DiskOutbox } from '../../../core/src/plugin-runtime/outbox.ts';
import { until } from '../../support/processes.ts';
import { times } from '../../support/soak.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const test = suite('outbox: properties');

type Action =
  | { readonly do: 'keep'; readonly count: number; readonly wait: boolean }
  | { readonly do: 'again'; readonly back: number }
  | { readonly do: 'network'; readonly works: boolean }
  | { readonly do: 'turns'; readonly count: number }
  | { readonly do: 'restart' }
  | { readonly do: 'crash' };

const restarting: fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constant('keep' as const), count: fc.integer({ min: 1, max: 6 }), wait: fc.boolean() }),
  fc.record({ do: fc.constant('again' as const), back: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ do: fc.constant('network' as const), works: fc.boolean() }),
  fc.record({ do: fc.constant('turns' as const), count: fc.integer({ min: 1, max: 10 }) }),
  fc.constant({ do: 'restart' as const }),
];
const crashing = [...restarting, fc.constant({ do: 'crash' as const })];

/** The world around one outbox: the host that hands in events again while they were not taken, and the receiver. */
class World implements AsyncDisposable {
  readonly received: number[] = [];
  readonly #folder = new TemporaryFolder();
  readonly #open: DiskOutbox[] = [];
  #life = 0;
  #handedIn = 0;
  readonly #taken = new Set<number>();
  #box: DiskOutbox | undefined;
  #works = true;
  /** Connections lost so far: each takes all with it that it carried. */
  #losses = 0;
  readonly #inFlight: number;

  constructor(inFlight: number) {
    this.#inFlight = inFlight;
  }

  get handedIn(): number {
    return this.#handedIn;
  }
  get box(): DiskOutbox {
    if (!this.#box) throw new Error('begin first');
    return this.#box;
  }

  async begin(): Promise<void> {
    const life = this.#life;
    const box = new DiskOutbox(
      {
        folder: join(this.#folder.path, String(life)),
        names: ['person.left'],
        maxEvents: 1e6,
        maxBytes: 1e9,
        inFlight: this.#inFlight,
        retry: { firstMs: 0.1, capMs: 1 },
      },
      async ({ id }) => {
        const losses = this.#losses;
        await new Promise((resolve) => setImmediate(resolve));
        if (!this.#works || losses !== this.#losses) throw new Error('offline');
        // What a process that is gone has sent after the copy was made is another world's.
        if (life === this.#life) this.received.push(Number(id));
      },
      silentLogger,
      () => {},
    );
    this.#box = box;
    this.#open.push(box);
    await box.open();
    for (let n = 1; n <= this.#handedIn; n++) if (!this.#taken.has(n)) this.#hand(n);
  }

  #hand(n: number): Promise<void> {
    const life = this.#life;
    return this.box.keep({ id: String(n), pad: 'x'.repeat(50) } as unknown as MienEvent).then(() => {
      if (life === this.#life) this.#taken.add(n);
    });
  }

  async act(action: Action): Promise<void> {
    switch (action.do) {
      case 'keep': {
        const first = this.#handedIn + 1;
        this.#handedIn += action.count;
        const all = Array.from({ length: action.count }, (_, i) => this.#hand(first + i));
        if (action.wait) await Promise.all(all);
        break;
      }
      case 'again':
        if (this.#handedIn > 0) this.#hand(Math.max(1, this.#handedIn - action.back));
        break;
      case 'network':
        this.#works = action.works;
        if (!action.works) this.#losses += 1;
        break;
      case 'turns':
        for (let turn = 0; turn < action.count; turn++) await new Promise((resolve) => setImmediate(resolve));
        break;
      case 'restart':
        await this.box.close();
        await this.begin();
        break;
      case 'crash': {
        const from = join(this.#folder.path, String(this.#life));
        this.#life += 1;
        copyAsItIs(from, join(this.#folder.path, String(this.#life)));
        await this.begin();
        break;
      }
    }
  }

  /** Everything gets out. */
  async finish(): Promise<void> {
    this.#works = true;
    const all = (): boolean => this.#taken.size === this.#handedIn && this.box.held === 0;
    await until(`all of ${this.#handedIn} are out`, 30_000, all);
    await this.box.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((box) => box.close()));
    this.#folder[Symbol.dispose]();
  }
}

/** What a crash leaves. A file that is renamed while it is copied is looked for once more. */
function copyAsItIs(from: string, to: string): void {
  for (let tries = 1; ; tries++) {
    try {
      cpSync(from, to, { recursive: true });
      return;
    } catch (fault) {
      if ((fault as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 100) throw fault;
      rmSync(to, { recursive: true, force: true });
    }
  }
}

function property(inFlight: number, of: fc.Arbitrary<Action>[], check: (received: readonly number[], handedIn: number) => void) {
  return fc.asyncProperty(fc.array(fc.oneof(...of), { minLength: 5, maxLength: 40, size: 'max' }), async (actions) => {
    await using world = new World(inFlight);
    await world.begin();
    for (const action of actions) await world.act(action);
    await world.finish();
    check(world.received, world.handedIn);
  });
}

const inOrder = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

test('with restarts: each exactly once, in order', async () => {
  await fc.assert(
    property(1, restarting, (received, handedIn) => assert.equal(received, inOrder(handedIn))),
    { numRuns: times(40) },
  );
});

test('with crashes: each at least once, the first time in order', async () => {
  await fc.assert(
    property(1, crashing, (received, handedIn) => assert.equal([...new Set(received)], inOrder(handedIn))),
    { numRuns: times(40) },
  );
});

test('several at a time, with restarts and crashes: each at least once, the first time in order', async () => {
  await fc.assert(
    property(7, crashing, (received, handedIn) => assert.equal([...new Set(received)], inOrder(handedIn))),
    { numRuns: times(40) },
  );
});

test.run();
