import { EventEmitter } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defineNode, type FlowNode, type HostedDef, type NodeHandlers } from '../../node-red-nodes/src/define-node.ts';
import { States } from '../../node-red-nodes/src/host/states.ts';
import type { HostConnection, HostState } from '../../node-red-nodes/src/host-connection.ts';
import { RateLimit } from '../../node-red-nodes/src/rate-limit.ts';
import type { Message, NodeDef, RawNode, Red } from '../../node-red-nodes/src/red.ts';
import { StatusLine } from '../../node-red-nodes/src/status-line.ts';
import { must } from '../support/must.ts';
import { until } from '../support/processes.ts';

const test = suite('the glue of the nodes');
const WITHIN_MS = 10_000;

class FakeRaw extends EventEmitter {
  readonly id = 'n1';
  readonly type = 'mien-test';
  readonly sent: unknown[] = [];
  readonly statuses: { fill?: string; text?: string }[] = [];
  readonly errors: unknown[] = [];
  readonly warnings: unknown[] = [];
  send = (msg: unknown): void => void this.sent.push(msg);
  status = (status: object): void => void this.statuses.push(status);
  error = (fault: unknown): void => void this.errors.push(fault);
  warn = (text: unknown): void => void this.warnings.push(text);
  log = (): void => {};
}

/** A node of the type that `open` defines, and how often each of its messages was done. */
function made(open: (node: FlowNode<HostedDef>) => NodeHandlers | undefined, connection?: HostConnection) {
  let construct: ((this: RawNode, def: HostedDef) => void) | undefined;
  const red = {
    nodes: {
      registerType: (_type: string, make: typeof construct) => {
        construct = make;
      },
      createNode: () => {},
      getNode: (id: string) => (id === 'host' && connection ? { connection } : null),
    },
    _: (key: string) => key,
  } as unknown as Red;
  defineNode<HostedDef>(red, 'mien-test', open, { hosted: connection !== undefined });
  const raw = new FakeRaw();
  must(construct).call(raw as unknown as RawNode, { id: 'n1', type: 'mien-test', host: 'host' } satisfies NodeDef & { host: string });
  const dones: (Error & { code?: string })[][] = [];
  return {
    raw,
    dones,
    receive(msg: Message) {
      const mine: (Error & { code?: string })[] = [];
      dones.push(mine);
      raw.emit('input', msg, raw.send, (fault?: Error) => void mine.push(fault as Error));
    },
    close: () => new Promise<void>((resolve) => raw.emit('close', false, resolve)),
  };
}

test('each message is done exactly once: fine, thrown at once, rejected later, not an Error', async () => {
  const ways: Record<string, () => void | Promise<void>> = {
    fine: () => {},
    later: async () => {},
    throws: () => {
      throw new TypeError('no such property');
    },
    rejects: async () => {
      throw Object.assign(new Error('refused'), { code: 'BUSY' });
    },
    odd: () => {
      throw 'a text';
    },
  };
  const node = made(() => ({ input: ({ payload }) => must(ways[String(payload)])() }));
  for (const way of Object.keys(ways)) node.receive({ payload: way });
  await until('all are done', WITHIN_MS, () => node.dones.every((calls) => calls.length > 0));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(
    node.dones.map((calls) => calls.map((fault) => fault?.code)),
    [[undefined], [undefined], ['INTERNAL'], ['BUSY'], ['INTERNAL']],
  );
  // Node-RED hands `code` on to Catch when it is the error's own.
  for (const [fault] of node.dones) assert.ok(!fault || Object.hasOwn(fault, 'code'));
});

test('what is under way at the close is done without a fault, and sends nothing', async () => {
  const gate = Promise.withResolvers<void>();
  const node = made(({ signal }) => ({
    async input(msg, send) {
      await gate.promise;
      send(msg);
      signal.throwIfAborted();
    },
  }));
  node.receive({ payload: 1 });
  await node.close();
  gate.resolve();
  await until('it is done', WITHIN_MS, () => must(node.dones[0]).length > 0);
  assert.equal(node.dones, [[undefined]]);
  assert.equal(node.raw.sent, []);
});

test('a node that cannot be opened shows it, tells it once, and fails each message', async () => {
  const node = made(() => {
    throw new RangeError('the dialog makes no sense');
  });
  node.receive({});
  await until('it is told', WITHIN_MS, () => node.raw.errors.length === 1 && node.raw.statuses.length === 1);
  assert.is(node.raw.statuses[0]?.text, 'mien.status.dialog');
  assert.equal(
    node.dones.map((calls) => calls.map(({ message }) => message)),
    [['the dialog makes no sense']],
  );
});

test('steps run at the close, last first, whatever one does', async () => {
  const ran: string[] = [];
  const other = made((one) => {
    one.defer(() => void ran.push('first'));
    one.defer(() => {
      throw new Error('stuck');
    });
    one.defer(async () => void ran.push('last'));
    return undefined;
  });
  await other.close();
  assert.equal(ran, ['last', 'first']);
  assert.equal(other.raw.warnings, ['stuck']);
});

test("the status is the host's until it is connected, then the node's own", async () => {
  const states = new States(() => {});
  const connection = { mode: 'here', state: states.present, on: (listener: (state: HostState) => void) => states.on(listener) } as unknown as HostConnection;
  Object.defineProperty(connection, 'state', { get: () => states.present });
  const node = made((one) => {
    one.show('ok', 'mine');
    return undefined;
  }, connection);
  const last = (): string | undefined => node.raw.statuses.at(-1)?.text;
  await until('starting', WITHIN_MS, () => last()?.startsWith('mien.status.start') ?? false);
  states.set({ kind: 'connected', text: '', restarts: 0 });
  await until('its own', WITHIN_MS, () => last() === 'mine');
  states.set({ kind: 'lost', text: 'gone', restarts: 0 });
  await until('lost', WITHIN_MS, () => last() === 'mien.status.lost');
  await node.close();
});

test('the status line: at most two a second, the newest, short, none twice', async () => {
  const put: { at: number; text?: string }[] = [];
  const line = new StatusLine((status) => void put.push({ at: performance.now(), ...status }));
  for (let n = 0; n < 50; n += 1) {
    line.show('ok', `number ${n}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  line.show('ok', 'a text that is much too long for it');
  await until('the newest', WITHIN_MS, () => put.at(-1)?.text === 'a text that is muc…');
  for (const [n, { at }] of put.entries()) if (n > 0) assert.ok(at - must(put[n - 1]).at > 480, `${n}: ${at - must(put[n - 1]).at} ms`);
  const count = put.length;
  line.show('ok', 'a text that is much too long for it');
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.is(put.length, count);
  line[Symbol.dispose]();
});

test('a limit a second: a second of it at once, then as time passes; 0 is none', () => {
  let now = 0;
  const limit = new RateLimit(2, () => now);
  assert.equal([limit.take(), limit.take(), limit.take()], [true, true, false]);
  now = 500;
  assert.equal([limit.take(), limit.take()], [true, false]);
  now = 60_000;
  assert.equal([limit.take(), limit.take(), limit.take()], [true, true, false]);
  assert.ok(Array.from({ length: 100 }, () => new RateLimit(0).take()).every(Boolean));
});

test.run();
