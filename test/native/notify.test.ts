import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { notify } from '../../native/src/index.ts';

const test = suite('notify');
const folder = mkdtempSync(join(tmpdir(), 'mien-notify-'));

// Node has no Unix datagram sockets (which is why the addon sends them), so Python plays systemd's part.
const RECEIVER = `
import socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('\\0' + name[1:] if name[0] == '@' else name)
print('bound', flush=True)
while True: print(s.recv(4096).hex(), flush=True)
`;

async function receiver(address: string): Promise<{ process: ChildProcess; line: () => Promise<string> }> {
  const child = spawn('python3', ['-c', RECEIVER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value as string;
  assert.is(await line(), 'bound');
  return { process: child, line };
}

test.after.each(() => {
  delete process.env.NOTIFY_SOCKET;
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test('without NOTIFY_SOCKET nothing is sent', () => {
  delete process.env.NOTIFY_SOCKET;
  assert.is(notify('READY=1'), false);
  process.env.NOTIFY_SOCKET = '';
  assert.is(notify('READY=1'), false);
});

for (const [kind, address] of [
  ['a path', join(folder, 'notify.sock')],
  ['an abstract name', `@mien-notify-${process.pid}`],
] as const) {
  test(`messages arrive whole at ${kind}`, async () => {
    const { process: child, line } = await receiver(address);
    try {
      process.env.NOTIFY_SOCKET = address;
      for (const message of ['READY=1', 'WATCHDOG=1\nSTATUS=Sees two people – ready']) {
        assert.is(notify(message), true);
        assert.is(Buffer.from(await line(), 'hex').toString(), message);
      }
    } finally {
      child.kill();
    }
  });
}

test('a socket that cannot be reached is an error that says why', () => {
  for (const [address, words] of [
    [join(folder, 'nobody.sock'), /No such file/],
    ['relative.sock', /must begin with/],
    ['vsock:2:1234', /must begin with/],
    ['@', /too short or too long/],
    [`/${'x'.repeat(108)}`, /too short or too long/],
  ] as const) {
    process.env.NOTIFY_SOCKET = address;
    assert.throws(() => notify('READY=1'), words);
  }
});

test('a service manager that does not read holds us for a tenth of a second, not for ever', async () => {
  const address = join(folder, 'stuck.sock');
  const { process: child } = await receiver(address);
  try {
    child.kill('SIGSTOP');
    process.env.NOTIFY_SOCKET = address;
    let slowest = 0;
    assert.throws(() => {
      for (let i = 0; i < 5000; i++) {
        const start = performance.now();
        try {
          notify(`STATUS=${'x'.repeat(1000)}`);
        } finally {
          slowest = performance.now() - start;
        }
      }
    }, /cannot notify the service manager: Resource temporarily unavailable/);
    assert.ok(slowest > 50 && slowest < 1000, `${slowest} ms`);
  } finally {
    child.kill('SIGKILL');
  }
});

test.run();
