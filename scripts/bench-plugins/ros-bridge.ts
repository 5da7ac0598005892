// Figures of the ros-bridge plugin in the shared process: from a frame's people to a subscriber's callback in roslib, over the relay of the tests.
import { openHost, patienceMs, TemporaryFolder } from '../../test/support/plugin-host.ts';
import { until } from '../../test/support/processes.ts';
import { listenAsRobot } from '../../test/support/robot-listener.ts';
import { openRosbridgeRelay } from '../../test/support/rosbridge-relay.ts';

const FRAMES = 300;

using folder = new TemporaryFolder();
await using relay = await openRosbridgeRelay();
const plugins = {
  'ros-bridge': { from: '@mien/plugins/ros-bridge', grant: ['person.presence' as const, 'person.position' as const], options: { url: relay.url, everyMs: 20 } },
};
await using test = await openHost({ stateFolder: folder.path, plugins });
await test.host.start();
using robot = listenAsRobot(relay.url, '/humans/faces/f_aaaaa/roi', 'hri_msgs/msg/NormalizedRegionOfInterest2D');
test.people.appear('p-aaaaa');
await until('it is connected', patienceMs, () => {
  test.bus.announceObserved('main');
  return robot.heard.length > 0;
});
const tookMs: number[] = [];
for (let frame = 1; frame <= FRAMES; frame += 1) {
  // Longer than everyMs: a frame is not held back.
  await new Promise((resolve) => setTimeout(resolve, 40));
  const xmin = frame / 1000;
  const startedMs = performance.now();
  test.people.update('p-aaaaa', { box: [xmin, 0.2, 0.1, 0.2] });
  const find = () => robot.heard.find(({ message }) => message['xmin'] === xmin);
  await until('it arrives', patienceMs, () => find() !== undefined);
  tookMs.push((find()?.atMs ?? 0) - startedMs);
}
const sorted = tookMs.toSorted((a, b) => a - b);
tell(`ros-bridge: frame to a subscriber's callback, median of ${FRAMES}`, sorted[FRAMES >> 1] ?? 0);
tell('ros-bridge: the same, p99', sorted[Math.floor(FRAMES * 0.99)] ?? 0);

function tell(name: string, value: number): void {
  console.log(JSON.stringify({ name, value: Math.round(value * 10) / 10, unit: 'ms' }));
}
