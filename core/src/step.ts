import { MienError } from './errors.ts';

/** Runs one step of start or stop under a deadline; the error names the step. The step's own signal aborts with it. */
export function step<T>(name: string, withinMs: number, signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = () => new MienError('STEP_TIMEOUT', `"${name}" took longer than ${withinMs / 1000} s; the log above tells how far it came`);
  return within(withinMs, signal, late, run);
}

/** Rejects with `late()` when time is over and with the signal's reason when that aborts; `run` learns of both by its own signal. */
export async function within<T>(withinMs: number, signal: AbortSignal, late: () => MienError, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timeout = new AbortController();
  const both = AbortSignal.any([signal, timeout.signal]);
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = late();
    timeout.abort(error);
    reject(error);
  }, withinMs);
  const cancelled = () => reject(signal.reason);
  signal.addEventListener('abort', cancelled, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([run(both), expired]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancelled);
  }
}

/** A step of stop, for `Scope.defer`: whatever aborted the rest, it gets its time, and no more. Errors: STEP_TIMEOUT, which names the step. */
export function stopStep(name: string, withinMs: number, run: () => PromiseLike<unknown>): () => Promise<void> {
  return () => step(name, withinMs, new AbortController().signal, async () => void (await run()));
}
