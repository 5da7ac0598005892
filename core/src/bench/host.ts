/**
 * A fresh `mien run` in a process of its own, whose event loop is watched. Answers 'reset' by beginning to watch anew and 'read' with
 * the delay's percentiles; the arguments are those of `mien`.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The histogram counts from one tick to the next: a loop without any delay reads one interval. */
const intervalMs = 1;

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const delay = monitorEventLoopDelay({ resolution: intervalMs });
process.on('message', (message) => {
  if (message === 'reset') {
    delay.reset();
    delay.enable();
    return;
  }
  const at = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - intervalMs);
  process.send?.({ p50Ms: at(delay.percentile(50)), p99Ms: at(delay.percentile(99)), maxMs: at(delay.max) } satisfies LoopDelay);
});
// The channel is the bench's, it does not keep Mien alive; when the bench is gone there is nothing left to do.
process.channel?.unref();
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));

await import('../cli.ts');
