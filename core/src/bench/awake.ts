import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const spin =
  "require('node:os').setPriority(19); process.on('disconnect', () => process.exit()); const again = () => { for (const end = Date.now() + 50; Date.now() < end; ); setImmediate(again); }; again();";

/**
 * Keeps every processor from going to sleep, by work of the lowest priority: waking a halted virtual processor takes some 40 microseconds, which
 * are the machine's and not Mien's. Dispose to let them sleep.
 */
export async function keepAwake(): Promise<Disposable> {
  const children: ChildProcess[] = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', spin], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }),
  );
  for (const child of children) child.on('error', () => {});
  await sleep(300);
  return {
    [Symbol.dispose]: () => {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
