/** The plugins on one channel: in a process of their own, in a shared one, or (over a memory channel) in the host. */
import { MienError } from '../errors.ts';
import type { FromPluginProcess, ToPluginProcess } from '../plugin-messages.ts';
import type { Channel } from './channel.ts';
import { importPlugin } from './import-plugin.ts';
import { asPlugin } from './plugin-scope.ts';
import { createRunner, type Runner } from './runner.ts';

export interface RunnersOptions {
  /** Gives the module of a plugin's entry file. */
  readonly load?: (entry: string) => Promise<unknown>;
}

export interface Runners extends AsyncDisposable {
  /** A fault that nobody caught: `failed` is sent, and this plugin alone is stopped; all of them where it is not known whose it is. */
  fail(plugin: string | undefined, error: unknown): void;
}

/** Takes the channel's messages. `load` makes a plugin known, `stopped` or `failed` ends it; it may then be loaded again. */
export function openRunners(channel: Channel<ToPluginProcess, FromPluginProcess>, { load = importPlugin }: RunnersOptions = {}): Runners {
  const runners = new Map<string, Runner>();

  const create = (plugin: string): Runner => {
    const runner = createRunner({ name: plugin, load, send: (message) => channel.send({ plugin, ...message }) });
    runners.set(plugin, runner);
    runner.over.then(() => {
      if (runners.get(plugin) === runner) runners.delete(plugin);
    });
    return runner;
  };

  channel.onMessage((message) => {
    if (message.type === 'ping') {
      const { heapUsed, rss } = process.memoryUsage();
      channel.send({ type: 'pong', id: message.id, heapBytes: heapUsed, rssBytes: rss });
      return;
    }
    const { plugin } = message;
    const known = runners.get(plugin);
    asPlugin(plugin, () => {
      if (message.type === 'load') {
        // A new start replaces one that is still on its way out.
        if (known && !known.isEnding) known.fail(new MienError('PLUGIN_FAILED', `"${plugin}" was loaded again before it had stopped`));
        create(plugin).receive(message);
      } else known?.receive(message);
    });
  });

  return {
    fail(plugin, error) {
      for (const [name, runner] of runners) if (plugin === undefined || plugin === name) runner.fail(error);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...runners].map(([plugin, runner]) => asPlugin(plugin, () => runner.stop())));
    },
  };
}
