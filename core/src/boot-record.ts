/** What is remembered of starts over a restart: which failed, and the configuration that last ran well. One record per configuration file. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './replace-file.ts';

export interface FailedBoot {
  readonly atWallMs: number;
  readonly reason: string;
  /** It was in safe mode already. */
  readonly safe: boolean;
}
/** A start whose end is not known: it runs, or it ended without a word. */
export interface OpenBoot {
  readonly atWallMs: number;
  readonly safe: boolean;
  /** See `processIdentity`. */
  readonly process: string;
  readonly pid: number;
}
interface Remembered {
  readonly version: 1;
  /** Path of the configuration, for who reads the file; empty without one. */
  readonly config: string;
  readonly failed: readonly FailedBoot[];
  readonly open?: OpenBoot | undefined;
}

export interface BootRecord {
  readonly failed: readonly FailedBoot[];
  readonly open: OpenBoot | undefined;
  /** Text of the configuration that last ran well. */
  lastGood(): Promise<string | undefined>;
  keepLastGood(text: string): Promise<void>;
  /** A disk that refuses is told and stops nothing. */
  save(failed: readonly FailedBoot[], open: OpenBoot | undefined): Promise<void>;
}

/** More than this many failures tell nothing new. */
const MOST_FAILED = 10;

/** Reads `<folder>/boots/<hash of the path>.json`. What makes no sense counts as nothing. `tell`: where a disk that refuses is told, once. */
export async function openBootRecord(folder: string, configPath: string | undefined, tell: (path: string, fault: unknown) => void): Promise<BootRecord> {
  const name = createHash('sha256')
    .update(configPath ?? '')
    .digest('hex')
    .slice(0, 12);
  const base = join(folder, 'boots', name);
  const remembered = await read(`${base}.json`);
  let told = false;
  const attempt = async (path: string, write: () => Promise<void>): Promise<void> => {
    try {
      await write();
    } catch (fault) {
      if (!told) tell(path, fault);
      told = true;
    }
  };
  return {
    failed: remembered?.failed ?? [],
    open: remembered?.open,
    lastGood: () => readFile(`${base}.yaml`, 'utf8').catch(() => undefined),
    keepLastGood: async (text) => {
      if ((await readFile(`${base}.yaml`, 'utf8').catch(() => undefined)) === text) return;
      // It may hold a token or a camera's password.
      await attempt(`${base}.yaml`, () => replaceFile(`${base}.yaml`, text, 0o600));
    },
    save: (failed, open) =>
      attempt(`${base}.json`, async () => {
        if (failed.length === 0 && !open) return rm(`${base}.json`, { force: true });
        const state: Remembered = { version: 1, config: configPath ?? '', failed: failed.slice(-MOST_FAILED), open };
        await replaceFile(`${base}.json`, `${JSON.stringify(state, null, 1)}\n`, 0o600);
      }),
  };
}

async function read(path: string): Promise<Remembered | undefined> {
  try {
    const found = JSON.parse(await readFile(path, 'utf8')) as Remembered;
    const isFailed = (one: FailedBoot) => typeof one?.reason === 'string' && typeof one.safe === 'boolean';
    return found.version === 1 && Array.isArray(found.failed) && found.failed.every(isFailed) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The same only for the same process of the same boot of the machine; undefined when it does not run. */
export function processIdentity(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name in brackets may hold anything; start time is the 20th field behind it.
    const startedTicks = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
    return `${boot}:${pid}:${startedTicks}`;
  } catch {
    return undefined;
  }
}
