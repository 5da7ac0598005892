/** For calls that take no signal: what comes later is dropped. */
import { NodeFault } from './node-fault.ts';

/** Rejects with TIMEOUT after `ms`, and with the signal's reason when it is aborted before. */
export async function within<T>(ms: number, signal: AbortSignal, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => {};
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NodeFault('TIMEOUT', `Mien did not answer within ${ms / 1000} s`)), ms);
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
