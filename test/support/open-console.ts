/** A console server on a free loopback port over fakes, with ways to talk to it. */

import { createServer, type ServerOptions } from '../../core/src/console/server.ts';
import type { NpuReading } from '../../core/src/device/npu-reading.ts';
import { createEventBus, type EventBus } from '../../core/src/host/event-bus.ts';
import { checkConfig } from '../../core/src/load-config.ts';
import { silentLogger } from '../../core/src/log.ts';
import { createFakePeople, type FakePeople } from './fake-people.ts';
import { createFakePlugins, type FakePlugins } from './fake-plugins.ts';
import { createFakeSight, type FakeSight } from './fake-sight.ts';

/** A machine without an NPU. */
const noNpu: NpuReading = { absent: [{ source: 'load', reason: 'there is no /sys/kernel/debug/rknpu/load' }] };

export interface OpenConsole extends AsyncDisposable {
  readonly url: string;
  readonly bus: EventBus;
  readonly sight: FakeSight;
  readonly people: FakePeople;
  readonly plugins: FakePlugins;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body?: BodyInit | null, headers?: Record<string, string>): Promise<Response>;
}

export interface OpenConsoleOptions extends Partial<Omit<ServerOptions, 'config'>> {
  readonly api?: Record<string, unknown>;
  readonly cameras?: readonly object[];
  readonly capacity?: number;
  readonly bootId?: string;
}

export async function openConsole({ api, cameras, capacity = 2000, bootId, ...options }: OpenConsoleOptions = {}): Promise<OpenConsole> {
  const config = checkConfig({ device: 'test-device', api: { port: 0, ...api }, ...(cameras && { cameras }) });
  const logger = options.logger ?? silentLogger;
  const bus = createEventBus({ logger, capacity });
  const sight = createFakeSight();
  const people = createFakePeople(bus, bootId);
  const plugins = createFakePlugins(bus);
  const server = await createServer({ sight, people, bus, plugins, npu: { read: async () => noNpu }, ...options, logger, config });
  return {
    url: server.url,
    bus,
    sight,
    people,
    plugins,
    get: (path, headers = {}) => fetch(new URL(path, server.url), { headers }),
    post: (path, body = null, headers = {}) => fetch(new URL(path, server.url), { method: 'POST', body, headers }),
    [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose](),
  };
}
