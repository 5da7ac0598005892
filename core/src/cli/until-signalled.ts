/** SIGINT, SIGTERM and SIGHUP end the work in good order; a second one ends it at once. */
export interface Signalled extends Disposable {
  readonly signal: AbortSignal;
  readonly signalled: Promise<void>;
}

/** Whatever hangs, the process is gone after so long. */
const HARD_STOP_MS = 5000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `hangup`: SIGHUP calls this instead: it then means to read the configuration again. */
export function untilSignalled(hangup?: () => void): Signalled {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort(new DOMException('stopped by a signal', 'AbortError'));
    resolve();
    setTimeout(() => {
      process.stderr.write('mien: stopping took too long; ended at once\n');
      process.exit(1);
    }, HARD_STOP_MS).unref();
  };
  const listeners = SIGNALS.map((name) => [name, name === 'SIGHUP' && hangup ? hangup : stop] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  return {
    signal: controller.signal,
    signalled: promise,
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) process.removeListener(name, listener);
    },
  };
}
