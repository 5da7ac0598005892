/** Which plugin the running code belongs to, over timers and promises: how a fault that nobody caught finds its plugin. */
import { AsyncLocalStorage } from 'node:async_hooks';

/** One life of a plugin, from load to stop: what an earlier one has left behind must not be blamed on the next. */
export interface PluginLife {
  readonly plugin: string;
}

const storage = new AsyncLocalStorage<PluginLife>();

export function inLife<T>(life: PluginLife, run: () => T): T {
  return storage.run(life, run);
}

/** Undefined in code of nobody; in 'uncaughtException' and 'unhandledRejection' the life whose code threw. */
export function currentLife(): PluginLife | undefined {
  return storage.getStore();
}
