/** The client of the ros-bridge plugin by itself, without a host. */
import { type Publication, Rosbridge } from '../../plugins/ros-bridge/rosbridge.ts';
import { patienceMs } from './plugin-host.ts';
import { until } from './processes.ts';

export const firstPublication: Publication = { topic: '/humans/persons/tracked', type: 'hri_msgs/msg/IdsList', message: { ids: [] }, isLatched: true };

interface Line {
  readonly level: string;
  readonly message: string;
}
/** A client that tries again quickly and publishes once on each connection, with what it logged. */
export function connectRosbridge(url: string, more: { ca?: string; pingEveryMs?: number; connectWithinMs?: number } = {}) {
  const lines: Line[] = [];
  const write = (level: string) => (_: object, message: string) => void lines.push({ level, message });
  const log = { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug'), trace: write('trace') };
  let connections = 0;
  const bridge = new Rosbridge({
    url: new URL(url),
    log,
    onConnected: () => {
      connections += 1;
      bridge.publish(firstPublication);
    },
    backoff: { firstMs: 20, mostMs: 50 },
    ...more,
  });
  bridge.start();
  const says = (pattern: RegExp) =>
    until(`it says ${pattern}, and not ${JSON.stringify(lines)}`, patienceMs, () => lines.some(({ message }) => pattern.test(message)));
  return { bridge, lines, says, connections: () => connections, [Symbol.asyncDispose]: () => bridge.close() };
}
