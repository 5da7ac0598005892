import { readdirSync, readFileSync } from 'node:fs';

/** Whether a process runs; one that ended and was only not reaped yet does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Pids of other running processes for which it holds; one that ends meanwhile does not count. */
function pidsWhere(holds: (pid: number) => boolean): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && holds(pid) && isRunning(pid);
      } catch {
        return false;
      }
    });
}

/** Pids of running processes whose command line holds the text. */
export function processesWith(text: string): number[] {
  return pidsWhere((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text));
}

/** Pids of the running children of a process. */
export function childrenOf(pid: number): number[] {
  return pidsWhere((child) => Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${child}/stat`, 'utf8'))?.[1]) === pid);
}

/** Waits until the condition holds. Rejects, with what was waited for, when it does not within the time. */
export async function until(what: string, withinMs: number, condition: () => boolean | Promise<boolean>): Promise<number> {
  const started = performance.now();
  while (!(await condition())) {
    if (performance.now() - started > withinMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - started;
}

/** Pids of the running processes under a process, however deep. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}
