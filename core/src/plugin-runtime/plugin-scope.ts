/** Which plugin the running code belongs to, over timers and promises: how a fault that nobody caught finds its plugin. */
import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<string>();

export function asPlugin<T>(name: string, run: () => T): T {
  return storage.run(name, run);
}

/** Undefined in code of nobody; in 'uncaughtException' and 'unhandledRejection' the plugin whose code threw. */
export function currentPlugin(): string | undefined {
  return storage.getStore();
}
