import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HostRegistry, type OwnedHost } from '../../node-red-nodes/src/host/host-registry.ts';
import type { HostState } from '../../node-red-nodes/src/host-connection.ts';
import { until } from '../support/processes.ts';

const test = suite('hosts over deploys');
const WITHIN_MS = 10_000;

interface FakeHost extends OwnedHost {
  readonly life: string[];
  end(): void;
}

function fakeHost(life: string[], name: string): FakeHost {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    mode: 'here',
    state: { kind: 'starting', text: '', restarts: 0 } satisfies HostState,
    life,
    on: () => ({ [Symbol.dispose]: () => {} }),
    client: () => {
      throw new Error('not asked for');
    },
    requireCamera: () => ({ [Symbol.dispose]: () => {} }),
    open: (after = Promise.resolve()) => void after.then(() => life.push(`${name} opens`)),
    close: async () => {
      life.push(`${name} is told to close`);
      await promise;
      life.push(`${name} has closed`);
    },
    end: resolve,
  };
}

test('the same settings are one host, whatever number of nodes; it outlives a deploy', () => {
  const registry = new HostRegistry(60_000);
  const life: string[] = [];
  const make = () => fakeHost(life, 'a');
  const first = registry.take('one', ['here'], make);
  const second = registry.take('two', ['here'], make);
  assert.is(first.connection, second.connection);
  first.release(false);
  second.release(false);
  const again = registry.take('one', ['here'], make);
  assert.is(again.connection, first.connection);
  assert.not.ok(life.includes('a is told to close'));
  again.release(true);
  assert.ok(life.includes('a is told to close'));
});

test("nobody's for the time, it is closed", async () => {
  const registry = new HostRegistry(5);
  const life: string[] = [];
  registry.take('one', ['here'], () => fakeHost(life, 'a')).release(false);
  // The registry's own timer does not keep a process.
  await until('it closes', WITHIN_MS, () => life.includes('a is told to close'));
});

test('a release that comes twice counts once', () => {
  const registry = new HostRegistry(60_000);
  const life: string[] = [];
  const first = registry.take('one', ['here'], () => fakeHost(life, 'a'));
  const second = registry.take('two', ['here'], () => fakeHost(life, 'a'));
  first.release(true);
  first.release(true);
  assert.not.ok(life.includes('a is told to close'));
  second.release(true);
  assert.ok(life.includes('a is told to close'));
});

test('other settings of the same node: the one before has closed when the next opens', async () => {
  const registry = new HostRegistry(60_000);
  const life: string[] = [];
  const before = fakeHost(life, 'before');
  registry.take('one', ['here', 'kiosk'], () => before).release(false);
  registry.take('one', ['here', 'robot'], () => fakeHost(life, 'next'));
  await until('the close', WITHIN_MS, () => life.includes('before is told to close'));
  assert.not.ok(life.includes('next opens'));
  before.end();
  await until('the next', WITHIN_MS, () => life.includes('next opens'));
  assert.ok(life.indexOf('before has closed') < life.indexOf('next opens'), life.join(', '));
});

test.run();
