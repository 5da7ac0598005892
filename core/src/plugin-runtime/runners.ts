/** The plugins on one channel: in a process of their own, in a shared one, or (over a memory channel) in the host. */
import type { FromPluginProcess, ToPluginProcess } from '../plugin-messages.ts';
import type { Channel } from './channel.ts';
import { importPlugin } from './import-plugin.ts';
import { inLife, type PluginLife } from './plugin-scope.ts';
import { createRunner, type Runner } from './runner.ts';

export interface RunnersOptions {
  /** Gives the module of a plugin's entry file. */
  readonly load?: (entry: string, plugin: string) => Promise<unknown>;
  /** A plugin has failed, and what it deferred has run. */
  readonly failed?: (plugin: string) => void;
}

export interface Runners extends AsyncDisposable {
  /**
   * A fault that nobody caught: `failed` is sent, and this plugin alone is stopped; all of them where it is not known whose it is. False when that
   * life was over before.
   */
  fail(life: PluginLife | undefined, error: unknown): boolean;
}

/** Takes the channel's messages. `load` makes a plugin known, `stopped` or `failed` ends it; it may then be loaded again. */
export function openRunners(channel: Channel<ToPluginProcess, FromPluginProcess>, { load = importPlugin, failed }: RunnersOptions = {}): Runners {
  const lives = new Map<string, { readonly life: PluginLife; readonly runner: Runner }>();

  const begin = (plugin: string): { readonly life: PluginLife; readonly runner: Runner } => {
    const runner = createRunner({ name: plugin, load, send: (message) => channel.send({ plugin, ...message }) });
    const begun = { life: { plugin }, runner };
    lives.set(plugin, begun);
    runner.over.then((how) => {
      if (lives.get(plugin) === begun) lives.delete(plugin);
      if (how === 'failed') failed?.(plugin);
    });
    return begun;
  };

  channel.onMessage((message) => {
    if (message.type === 'ping') {
      const { heapUsed, rss } = process.memoryUsage();
      channel.send({ type: 'pong', id: message.id, heapBytes: heapUsed, rssBytes: rss });
      return;
    }
    const { plugin } = message;
    let one = lives.get(plugin);
    if (message.type === 'load') {
      // A new life does not wait for one that is still on its way out, nor may it be mistaken for it.
      one?.runner.abandon();
      one = begin(plugin);
    }
    if (one) inLife(one.life, () => one.runner.receive(message));
  });

  return {
    fail(life, error) {
      const meant = [...lives.values()].filter((one) => life === undefined || one.life === life);
      for (const { runner } of meant) runner.fail(error);
      return meant.length > 0;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...lives.values()].map(({ life, runner }) => inLife(life, () => runner.stop())));
    },
  };
}
