import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { notify } from '../../native/src/index.ts';
import { receiver } from '../support/notify-socket.ts';

const test = suite('notify');
const folder = mkdtempSync(join(tmpdir(), 'mien-notify-'));

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
