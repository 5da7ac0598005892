/** The plugin's end of the traffic, driven by a test: it records what came, and answers only what the test says. */
import type { Grant } from '../../core/src/events.ts';
import type { AttachedPlugin } from '../../core/src/host/plugins/traffic.ts';
import type { Subscriptions, TrafficFromPlugin, TrafficToPlugin } from '../../core/src/plugin-messages.ts';

export interface FakeEnd {
  readonly plugin: AttachedPlugin;
  /** Everything that came, in order. */
  readonly received: TrafficToPlugin[];
  readonly failures: string[];
  /** Called as each message comes. */
  onMessage: (message: TrafficToPlugin) => void;
  of<T extends TrafficToPlugin['type']>(type: T): Extract<TrafficToPlugin, { type: T }>[];
}

export interface FakeEndParts {
  readonly grants?: readonly Grant[];
  readonly uses?: readonly string[];
  readonly provides?: readonly string[];
  readonly resumeFrom?: number;
}

export const allGrants: readonly Grant[] = [
  ...(['person.presence', 'person.position', 'person.quality', 'person.age', 'person.gender', 'person.expression', 'person.attention'] as const),
  ...(['device.health', 'audience', 'camera.preview', 'model.control'] as const),
];

export function fakeEnd(name: string, { grants = allGrants, uses = [], provides = [], resumeFrom }: FakeEndParts = {}): FakeEnd {
  const take = (line: string): void => {
    const { plugin, ...message } = JSON.parse(line) as TrafficToPlugin & { plugin: string };
    if (plugin !== name) throw new Error(`"${name}" got a line for "${plugin}"`);
    end.received.push(message as TrafficToPlugin);
    end.onMessage(message as TrafficToPlugin);
  };
  const end: FakeEnd = {
    received: [],
    failures: [],
    onMessage: () => {},
    of: (type) => end.received.filter((message): message is never => message.type === type),
    plugin: {
      name,
      grants,
      description: { name, apiVersion: 1, needs: grants, wants: [], uses, provides, options: { type: 'object' }, optionsVersion: 1 },
      send: (message) => take(JSON.stringify({ plugin: name, ...message })),
      sendEncoded: take,
      fail: (reason) => end.failures.push(reason),
      ...(resumeFrom !== undefined && { resumeFrom }),
    },
  };
  return end;
}

export function subscribe(part: Partial<Subscriptions>): TrafficFromPlugin {
  return { type: 'subscribe', subscriptions: { events: [], beforeEmit: [], kept: [], ...part } };
}
