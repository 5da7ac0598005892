/** serial-robot on a real terminal (socat): from an event in the host to its bytes at the other end, and from the robot's last sign of life to the stop. */
import { join } from 'node:path';
import { openHost, TemporaryFolder } from '../../test/support/plugin-host.ts';
import { until } from '../../test/support/processes.ts';
import { PtyRobot, requireSocat } from '../../test/support/pty-robot.ts';

requireSocat();

const EVENTS = 400;
const EVENT_GAP_MS = 12;
const STOPS = 20;
const BEAT_MS = 20;
const LOST_AFTER_MS = 200;
const patienceMs = 20_000;

function print(name: string, value: number, budget?: number): void {
  console.log(JSON.stringify({ name, value: Math.round(value * 100) / 100, unit: 'ms', ...(budget !== undefined && { budget, ok: value < budget }) }));
}

function at(share: number, values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}

using folder = new TemporaryFolder();
await using robot = new PtyRobot(join(folder.path, 'robot'));
await robot.plug();
const options = { port: robot.path, rateLimit: 1000, baudRate: 4_000_000, heartbeat: { everyMs: 100, lostAfterMs: LOST_AFTER_MS } };
const plugin = { from: '@mien/plugins/serial-robot', grant: ['person.presence', 'device.health'], options };
await using test = await openHost({ stateFolder: folder.path, plugins: { 'serial-robot': plugin } });
let beating = setInterval(() => robot.say('HB\n'), BEAT_MS);
await test.host.start();
const isWell = async (): Promise<boolean> => ((await test.host.run('serial-robot.status', {})) as { silence: unknown }).silence === null;
await until('the port is open', patienceMs, isWell);

const sentAtMs = new Map<string, number>();
const tookMs: number[] = [];
robot.onLine = (line) => {
  const sent = sentAtMs.get(line);
  if (sent !== undefined) tookMs.push(performance.now() - sent);
};
for (let i = 0; i < EVENTS; i += 1) {
  const id = `p-${i.toString(36).padStart(5, '0')}`;
  sentAtMs.set(`HELLO ${id}`, performance.now());
  test.people.appear(id);
  await new Promise((resolve) => setTimeout(resolve, EVENT_GAP_MS));
}
await until('all events are on the wire', patienceMs, () => tookMs.length === EVENTS);
print('serial-robot: event to bytes on the wire, p50', at(0.5, tookMs), 5);
print('serial-robot: event to bytes on the wire, p99', at(0.99, tookMs));

const stoppedMs: number[] = [];
for (let i = 0; i < STOPS; i += 1) {
  clearInterval(beating);
  robot.say('HB\n');
  const lastMs = performance.now();
  await new Promise<void>((resolve) => {
    robot.onLine = (line) => line === 'STOP' && resolve();
  });
  stoppedMs.push(performance.now() - lastMs);
  beating = setInterval(() => robot.say('HB\n'), BEAT_MS);
  await until('it is well again', patienceMs, isWell);
}
clearInterval(beating);
print(`serial-robot: last sign of life to the stop (lostAfterMs ${LOST_AFTER_MS}), p50`, at(0.5, stoppedMs), 300);
print(`serial-robot: last sign of life to the stop (lostAfterMs ${LOST_AFTER_MS}), slowest of ${STOPS}`, Math.max(...stoppedMs), 300);
