/** A plugin host that keeps the contract of plugins.ts without processes: tests drive it, and it records what was asked. */
import { MienError } from '../../core/src/errors.ts';
import type { EventBus } from '../../core/src/host/event-bus.ts';
import type { CommandInfo, PluginStatus } from '../../core/src/host/plugins/plugin-status.ts';
import type { PluginChange, Plugins } from '../../core/src/host/plugins/plugins.ts';

export const fakePlugin: PluginStatus = {
  name: 'greeter',
  from: './greeter.ts',
  version: '1.0.0',
  description: 'Greets whoever comes near.',
  state: 'running',
  isolation: 'own',
  pid: 4712,
  needs: ['person.presence', 'person.age'],
  wants: [],
  grant: ['person.presence', 'person.age'],
  uses: [],
  provides: [],
  commands: ['wave'],
  options: { greeting: 'Hello', times: 2 },
  optionsSchema: {
    type: 'object',
    properties: { greeting: { type: 'string', default: 'Hello', description: 'what is said' }, times: { type: 'integer', minimum: 1, maximum: 9, default: 2 } },
    required: ['greeting', 'times'],
  },
  lastGood: false,
  restarts: 0,
  crashes: [],
  startedAtWallMs: 1_700_000_000_000,
  rssMb: 55,
  events: { delivered: 12, dropped: 0, faults: 0, vetoed: 0, late: 0 },
};

export interface FakePlugins extends Plugins {
  statuses: PluginStatus[];
  infos: CommandInfo[];
  readonly asked: { changes: Array<[string, PluginChange]>; runs: Array<[string, unknown]> };
  /** Answers run(); replace to fail or to hang. */
  onRun: (command: string, input: unknown, signal?: AbortSignal) => Promise<unknown>;
  /** Faults that check() answers. */
  faults: string[];
}

export function createFakePlugins(bus: EventBus): FakePlugins {
  const find = (name: string): number => {
    const index = plugins.statuses.findIndex((plugin) => plugin.name === name);
    if (index < 0) throw new MienError('PLUGIN_NOT_FOUND', `there is no plugin "${name}"`);
    return index;
  };
  const change = (name: string, part: Partial<PluginStatus>): PluginStatus => {
    const index = find(name);
    const next = { ...plugins.statuses[index], ...part } as PluginStatus;
    plugins.statuses[index] = next;
    return next;
  };
  const plugins: FakePlugins = {
    statuses: [fakePlugin],
    infos: [{ name: 'wave', plugin: 'greeter', input: { type: 'object', properties: { times: { type: 'integer' } } }, openTo: 'everybody' }],
    asked: { changes: [], runs: [] },
    onRun: async (_command, input) => ({ done: input }),
    faults: [],
    async start() {},
    list: () => plugins.statuses,
    status: (name) => plugins.statuses[find(name)] as PluginStatus,
    unmasked: (_, options) => options,
    async check(name) {
      find(name);
      return plugins.faults;
    },
    async configure(name, wish) {
      find(name);
      plugins.asked.changes.push([name, wish]);
      if (plugins.faults.length > 0) throw new MienError('CONFIG_INVALID', plugins.faults.join('\n'));
      const { enabled, options } = wish;
      return change(name, { ...(enabled !== undefined && { state: enabled ? 'running' : 'disabled' }), ...(options !== undefined && { options }) });
    },
    restart: async (name) => change(name, { restarts: plugins.status(name).restarts + 1, state: 'running' }),
    async apply() {},
    async caughtUp() {},
    commands: () => plugins.infos,
    async run(command, input, signal) {
      if (!plugins.infos.some(({ name }) => name === command)) throw new MienError('COMMAND_UNKNOWN', `there is no command "${command}"`);
      plugins.asked.runs.push([command, input]);
      return plugins.onRun(command, input, signal);
    },
    publish: (event) => bus.publish(event),
    async [Symbol.asyncDispose]() {},
  };
  return plugins;
}
