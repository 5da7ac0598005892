import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentLogger } from '../../core/src/log.ts';
import type { SightStatus } from '../../core/src/sight/sight.ts';
import { openServiceNotifier } from '../../core/src/systemd.ts';
import { receiver } from '../support/notify-socket.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const service = suite('systemd');
const status = (state: SightStatus['state']): SightStatus => ({ state, restarts: 0, cameras: [], latencyMs: { p50: 0, p95: 0 }, degraded: [] });

service.after.each(() => {
  delete process.env['NOTIFY_SOCKET'];
  delete process.env['WATCHDOG_USEC'];
});

service('hears ready, the watchdog while sight runs, and stopping', async () => {
  using folder = new TemporaryFolder();
  const address = join(folder.path, 'notify');
  const systemd = await receiver(address);
  const next = async () => Buffer.from(await systemd.line(), 'hex').toString();
  try {
    process.env['NOTIFY_SOCKET'] = address;
    process.env['WATCHDOG_USEC'] = '40000';
    let state: SightStatus['state'] = 'running';
    using notifier = await openServiceNotifier({ status: () => status(state) }, silentLogger);
    notifier.ready('console at x');
    assert.is(await next(), 'READY=1\nSTATUS=console at x');
    assert.is(await next(), 'WATCHDOG=1');
    assert.is(await next(), 'WATCHDOG=1');
    state = 'restarting';
    await new Promise((resolve) => setTimeout(resolve, 150));
    notifier.stopping();
    let last = await next();
    // One more ping may have been on its way when sight was lost.
    if (last === 'WATCHDOG=1') last = await next();
    assert.is(last, 'STOPPING=1');
  } finally {
    systemd.process.kill();
  }
});

service('is silent where systemd did not ask', async () => {
  using notifier = await openServiceNotifier({ status: () => status('running') }, silentLogger);
  notifier.ready('x');
  notifier.stopping();
});

service('a socket that is gone stops nothing', async () => {
  process.env['NOTIFY_SOCKET'] = '/nonexistent/notify';
  const warnings: string[] = [];
  using notifier = await openServiceNotifier({ status: () => status('running') }, { ...silentLogger, warn: (_, message) => void warnings.push(message) });
  notifier.ready('x');
  assert.equal(warnings, ['systemd could not be told']);
});

service.run();
