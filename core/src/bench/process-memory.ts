import { readFile } from 'node:fs/promises';

/** Resident memory of a process, bytes. Pss counts shared pages by the share that falls to this process. */
export interface ProcessMemory {
  readonly pss: number;
  readonly rss: number;
}

/** Linux only. Rejects when the process is gone. */
export async function processMemory(pid: number): Promise<ProcessMemory> {
  return parseRollup(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'));
}

/** Reads what the kernel writes into `smaps_rollup`. */
export function parseRollup(text: string): ProcessMemory {
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN) * 1024;
  return { pss: bytes('Pss'), rss: bytes('Rss') };
}
