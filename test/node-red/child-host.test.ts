import { EventEmitter } from 'node:events';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ChildHost } from '../../node-red-nodes/src/host/child-host.ts';
import { childEnvironment, startChild } from '../../node-red-nodes/src/host/child-process.ts';
import type { HereSettings } from '../../node-red-nodes/src/host/child-settings.ts';
import { Deploys } from '../../node-red-nodes/src/host/deploys.ts';
import { mienCommand } from '../support/node-red-stand.ts';
import { isRunning, processesWith, until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('a Mien as a child');
const WITHIN_MS = 60_000;
const TOKEN = 'token-that-nobody-may-see';

interface Stand extends AsyncDisposable {
  readonly host: ChildHost;
  readonly folder: string;
  readonly events: EventEmitter;
  readonly log: string[];
  connected(): Promise<void>;
}

function open(settings: Partial<HereSettings> = {}): Stand {
  const temporary = new TemporaryFolder();
  const events = new EventEmitter();
  const deploys = new Deploys(events);
  deploys.listen();
  const log: string[] = [];
  const folder = join(temporary.path, 'mien', 'host');
  const host = new ChildHost({
    settings: { command: mienCommand, profile: 'kiosk', extra: '', token: undefined, ...settings },
    userDir: temporary.path,
    folder,
    deploys,
    log: { info: (text) => void log.push(text), warn: (text) => void log.push(text) },
  });
  host.open();
  return {
    host,
    folder,
    events,
    log,
    connected: async () => void (await until('connected', WITHIN_MS, () => host.state.kind === 'connected')),
    async [Symbol.asyncDispose]() {
      await host.close();
      deploys[Symbol.dispose]();
      temporary[Symbol.dispose]();
    },
  };
}

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'fine';
  } catch (fault) {
    return (fault as { code: string }).code;
  }
};

test('cameras that nodes require are watched, those they give up are not', async () => {
  await using stand = open();
  const { host } = stand;
  const door = host.requireCamera({ name: 'door', source: 'clip' });
  const again = host.requireCamera({ name: 'door', source: 'clip' });
  assert.is(
    codeOf(() => host.requireCamera({ name: 'door', source: '/dev/video0' })),
    'INPUT_INVALID',
  );
  assert.is(
    codeOf(() => host.client()),
    'HOST_UNAVAILABLE',
  );
  await stand.connected();
  const first = await host.client().status();
  assert.equal(
    first.sight.cameras.map(({ name }) => name),
    ['door'],
  );
  again[Symbol.dispose]();
  // Within a deploy cameras come and go: the same at its end are no reason to start anew.
  stand.events.emit('flows:stopping');
  door[Symbol.dispose]();
  const taken = host.requireCamera({ source: 'clip', name: 'door' });
  stand.events.emit('flows:started');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.is((await host.client().status()).events.bootId, first.events.bootId);
  taken[Symbol.dispose]();
  await until(
    'none',
    WITHIN_MS,
    async () =>
      host.state.kind === 'connected' &&
      (
        await host
          .client()
          .status()
          .catch(() => first)
      ).sight.cameras.length === 0,
  );
  assert.is(host.state.restarts, 0);
});

test('a token is in no file that others may read, in no argument and no log', async () => {
  await using stand = open({ token: TOKEN });
  await stand.connected();
  assert.is((await fetch(new URL('/v1/status', stand.host.state.url))).status, 401);
  assert.is((await stand.host.client().status()).name, 'mien');
  const path = join(stand.folder, 'mien.yaml');
  assert.is(statSync(path).mode & 0o777, 0o600);
  assert.is(statSync(stand.folder).mode & 0o777, 0o700);
  assert.not.match(readFileSync(path, 'utf8'), new RegExp(TOKEN));
  assert.equal(processesWith(TOKEN), []);
  assert.not.ok(stand.log.some((line) => line.includes(TOKEN)));
  assert.not.ok(JSON.stringify(stand.host.state).includes(TOKEN));
});

test('killed again and again it comes without plugins, never with what nobody asked for', async () => {
  await using stand = open();
  for (let restarts = 0; restarts < 4; restarts += 1) {
    await until(`start ${restarts}`, WITHIN_MS, () => stand.host.state.kind === 'connected' && stand.host.state.restarts === restarts);
    const shell = processesWith(join(stand.folder, 'mien.yaml')).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/bin/sh'));
    // The whole group: as by a lack of memory.
    process.kill(-(shell as number), 'SIGKILL');
    await until(`end ${restarts}`, WITHIN_MS, () => stand.host.state.kind !== 'connected');
  }
  await stand.connected();
  const status = await stand.host.client().status();
  assert.equal(status.sight.cameras, []);
  assert.match(status.safeMode ?? '', /--safe/);
});

test('a program that does not stop is killed, with what it started', async () => {
  using folder = new TemporaryFolder();
  const stubborn = join(folder.path, 'stubborn');
  writeFileSync(stubborn, `#!/bin/sh\ntrap '' TERM\nsleep 1000 & echo "pid $!" >&2\nwhile :; do sleep 1; done\n`);
  chmodSync(stubborn, 0o755);
  const lines: string[] = [];
  const child = startChild({ program: { file: stubborn, args: [] }, folder: folder.path, env: process.env, onLine: (line) => void lines.push(line) });
  await until('it runs', WITHIN_MS, () => lines.length > 0);
  const sleeper = Number(lines[0]?.slice(4));
  assert.ok(isRunning(sleeper));
  await child.stop();
  await until('nothing runs', WITHIN_MS, () => !isRunning(sleeper) && !isRunning(child.pid as number));
});

test('a program that is not there, or ends at once, says so', async () => {
  await using stand = open({ command: 'false' });
  await until('it failed', WITHIN_MS, () => stand.host.state.kind === 'failed');
  assert.match(stand.host.state.text, /ended by itself: exit code 1/);
});

test("of Node-RED's environment Mien knows nothing that is Node-RED's", () => {
  const env = {
    PATH: '/bin',
    HOME: '/root',
    NOTIFY_SOCKET: '/run/x',
    INVOCATION_ID: 'a',
    WATCHDOG_USEC: '1',
    NODE_OPTIONS: '--inspect',
    NODE_RED_CREDENTIAL_SECRET: 's',
    MIEN_TOKEN: 'm',
  };
  assert.equal(childEnvironment(undefined, env), { PATH: '/bin', HOME: '/root' });
  assert.equal(childEnvironment('t', env), { PATH: '/bin', HOME: '/root', MIEN_TOKEN: 't' });
});

test.run();
