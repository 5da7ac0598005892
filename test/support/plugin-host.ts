/** A plugin host over a real bus with people on command; its plugins are real ones. Everything is gone after the block. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEnveloper } from '../../core/src/enveloper.ts';
import type { MienEvent } from '../../core/src/events.ts';
import { createEventBus, type EventBus } from '../../core/src/host/event-bus.ts';
import { createPluginHost } from '../../core/src/host/plugins/plugin-host.ts';
import type { PluginLimits } from '../../core/src/host/plugins/plugin-limits.ts';
import type { PluginStatus } from '../../core/src/host/plugins/plugin-status.ts';
import type { Plugins } from '../../core/src/host/plugins/plugins.ts';
import { type ConfigInput, checkConfig } from '../../core/src/load-config.ts';
import type { Logger } from '../../core/src/log.ts';
import { createFakePeople, type FakePeople } from './fake-people.ts';
import { createFakeSight, type FakeSight } from './fake-sight.ts';
import { TemporaryFolder } from './temporary-folder.ts';

export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

export interface TestHost extends AsyncDisposable {
  readonly host: Plugins;
  readonly bus: EventBus;
  readonly people: FakePeople;
  readonly sight: FakeSight;
  readonly log: LogLine[];
  /** Everything that reached the bus. */
  readonly events: MienEvent[];
}

export interface TestHostOptions extends ConfigInput {
  readonly limits?: Partial<PluginLimits>;
  readonly baseFolder?: string;
}

/** Long enough for a loaded machine; nothing waits for it when all is well. */
export const patienceMs = 60_000;
/** Quick in trying again. */
export const quickLimits: Partial<PluginLimits> = { backoffFirstMs: 20, backoffCapMs: 50 };

/** Not started yet. Give `stateFolder`. */
export async function openHost({ limits = quickLimits, baseFolder, ...input }: TestHostOptions): Promise<TestHost> {
  const log: LogLine[] = [];
  const write = (level: string) => (fields: object, message: string) => void log.push({ level, fields: fields as Record<string, unknown>, message });
  const logger: Logger = { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug'), trace: write('trace') };
  const bus = createEventBus({ logger });
  const events: MienEvent[] = [];
  bus.subscribe({}, (event) => void events.push(event));
  const config = checkConfig(input);
  const sight = createFakeSight();
  const enveloper = createEnveloper('test-device', { bootId: 'test-boot' });
  let host: Plugins;
  const people = createFakePeople({
    ...bus,
    publish: (event: MienEvent) => host.publish(event),
    announceObserved: (camera) => bus.announceObserved(camera),
  } as EventBus);
  host = await createPluginHost({ config, bus, people: people as never, sight, enveloper, logger, limits, ...(baseFolder !== undefined && { baseFolder }) });
  return { host, bus, people, sight, log, events, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../plugins/fixtures/${name}`, import.meta.url));
}

/** A plugin's file whose definition is `text`, the inside of definePlugin's object without name and version. */
export function writePlugin(folder: string, name: string, text: string): string {
  const path = join(folder, `${name}.ts`);
  writeFileSync(
    path,
    `import { definePlugin, Type } from '@mien/core/plugin';\nvoid Type;\nexport default definePlugin({ name: '${name}', apiVersion: 1, ${text} });\n`,
  );
  return path;
}

/** Why it does not run as it should; empty when nothing is said. */
export function reasonOf(host: Plugins, name: string): string {
  return host.status(name).reason ?? '';
}

/** Waits until the plugin's status is as wanted. Rejects with the status that it has instead. */
export async function untilStatus(host: Plugins, name: string, wanted: (status: PluginStatus) => boolean): Promise<PluginStatus> {
  const started = performance.now();
  for (;;) {
    const status = host.status(name);
    if (wanted(status)) return status;
    if (performance.now() - started > patienceMs) throw new Error(`${name} is still as follows: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export { TemporaryFolder };
