import { createRequire } from 'node:module';
import type { SingleBar } from 'cli-progress';

export interface Progress {
  step(): void;
  /** Takes the bar off its line, so that a result can be printed there. */
  clear(): void;
  stop(): void;
}

const silent: Progress = { step() {}, clear() {}, stop() {} };

/** A bar on stderr for long work at a terminal; nothing otherwise. */
export function createProgress(name: string, total: number): Progress {
  if (!process.stderr.isTTY || total < 3) return silent;
  const cliProgress = createRequire(import.meta.url)('cli-progress') as typeof import('cli-progress');
  const bar: SingleBar = new cliProgress.SingleBar(
    { format: `${name} {bar} {value}/{total}  {eta_formatted} left`, stream: process.stderr, clearOnComplete: true, hideCursor: true },
    cliProgress.Presets.shades_classic,
  );
  bar.start(total, 0);
  return {
    step: () => bar.increment(),
    clear: () => void (process.stdout.isTTY && process.stderr.write('\r\u001b[K')),
    stop: () => bar.stop(),
  };
}
