/** One runner driven by a test: the plugin is given as a definition, what it says is recorded, both ways as JSON. */
import { join } from 'node:path';
import type { EventName, MienEvent } from '../../core/src/events.ts';
import type { PluginDefinition } from '../../core/src/plugin.ts';
import type { LifeFromPlugin, LifeToPlugin, PluginStart, TrafficFromPlugin, TrafficToPlugin } from '../../core/src/plugin-messages.ts';
import { encodeLine } from '../../core/src/plugin-runtime/channel.ts';
import { createRunner, type Runner } from '../../core/src/plugin-runtime/runner.ts';
import { allGrants } from './attached-plugin.ts';
import { sampleEvent } from './event-samples.ts';
import { until } from './processes.ts';
import { TemporaryFolder } from './temporary-folder.ts';

type Said = LifeFromPlugin | TrafficFromPlugin;

export class RunnerStand implements AsyncDisposable {
  readonly said: Said[] = [];
  readonly runner: Runner;
  readonly #folder = new TemporaryFolder();
  #module: unknown;

  constructor(name = 'probe') {
    this.runner = createRunner({ name, load: async () => this.#module, send: (message) => this.said.push(JSON.parse(encodeLine(message))) });
  }

  get storeFolder(): string {
    return join(this.#folder.path, 'store');
  }

  tell(message: LifeToPlugin | TrafficToPlugin): void {
    this.runner.receive(JSON.parse(JSON.stringify(message)));
  }

  of<T extends Said['type']>(type: T): Extract<Said, { type: T }>[] {
    return this.said.filter((message): message is never => message.type === type);
  }

  /** The nth message of that kind, when it has come. */
  async next<T extends Said['type']>(type: T, count = 1): Promise<Extract<Said, { type: T }>> {
    await until(
      `${count} x ${type}; there are ${JSON.stringify(this.said)}`,
      20_000,
      () => this.of(type).length >= count || (type !== 'failed' && this.of('failed').length > 0),
    );
    const found = this.of(type)[count - 1];
    if (!found) throw new Error(`expected ${type}, got ${JSON.stringify(this.of('failed'))}`);
    return found;
  }

  load(module: unknown): void {
    this.#module = module;
    this.tell({ type: 'load', entry: 'probe.ts' });
  }

  /** Loads and starts; resolves when it has started. */
  async start(definition: Partial<PluginDefinition> & Pick<PluginDefinition, 'setup'>, start: Partial<PluginStart> = {}): Promise<void> {
    this.load({ default: { name: 'probe', apiVersion: 1, ...definition } });
    this.tell({ type: 'start', start: { options: {}, optionsVersion: 1, grants: allGrants, device: 'mien', storeFolder: this.storeFolder, ...start } });
    await this.next('started');
  }

  /** `at` is the event's number. */
  event(at: number, name: EventName = 'person.appeared'): MienEvent {
    const event = { ...sampleEvent(name, at), id: `event-${at}` } as MienEvent;
    this.tell({ type: 'event', at, event });
    return event;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runner.stop();
    this.#folder[Symbol.dispose]();
  }
}
