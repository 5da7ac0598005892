/** What the host remembers of plugins over a restart of Mien: quarantines and the options that last worked, in one small file. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../../log.ts';
import { replaceFile } from '../../replace-file.ts';

export interface Quarantine {
  /** Of code and options: it ends when either changes. */
  readonly fingerprint: string;
  readonly reason: string;
  readonly atWallMs: number;
}
export interface LastGood {
  readonly options: unknown;
  readonly optionsVersion?: number | undefined;
}
interface Remembered {
  readonly version: 1;
  quarantines: Record<string, Quarantine>;
  lastGood: Record<string, LastGood>;
}

export interface PluginState extends AsyncDisposable {
  quarantine(name: string): Quarantine | undefined;
  setQuarantine(name: string, quarantine: Quarantine | undefined): void;
  lastGood(name: string): LastGood | undefined;
  setLastGood(name: string, good: LastGood): void;
  /** Of this plugin only, and made. One that is gone with this run, where the state folder cannot be written. */
  storeFolder(name: string): string;
  /** Resolves when what was set is on disk, or the disk has refused it. */
  saved(): Promise<void>;
}

/** Reads `<folder>/plugins.json`. A file that makes no sense is moved aside; a folder that cannot be written is told once and stops nothing. */
export async function openPluginState(folder: string, logger: Logger): Promise<PluginState> {
  const path = join(folder, 'plugins.json');
  return new StateFile(folder, path, await read(path, logger), logger);
}

async function read(path: string, logger: Logger): Promise<Remembered> {
  const nothing: Remembered = { version: 1, quarantines: {}, lastGood: {} };
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.warn({ path, reason: String(fault) }, 'what is known of plugins cannot be read; beginning anew');
    return nothing;
  }
  try {
    const found = JSON.parse(text) as Remembered;
    if (found.version === 1 && isRecords(found.quarantines) && isRecords(found.lastGood)) return found;
  } catch {
    // Not JSON: as one of an unknown shape.
  }
  const aside = `${path}.corrupt-${Date.now()}`;
  await rename(path, aside).catch(() => {});
  logger.warn({ path, aside }, 'what is known of plugins makes no sense; moved aside, beginning anew');
  return nothing;
}

function isRecords(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'object' && one !== null);
}

class StateFile implements PluginState {
  readonly #folder: string;
  readonly #path: string;
  readonly #remembered: Remembered;
  readonly #logger: Logger;
  #dirty = false;
  #saving: Promise<void> | undefined;
  #warned = false;
  #temporary: string | undefined;

  constructor(folder: string, path: string, remembered: Remembered, logger: Logger) {
    this.#folder = folder;
    this.#path = path;
    this.#remembered = remembered;
    this.#logger = logger;
  }

  quarantine(name: string): Quarantine | undefined {
    return Object.hasOwn(this.#remembered.quarantines, name) ? this.#remembered.quarantines[name] : undefined;
  }

  setQuarantine(name: string, quarantine: Quarantine | undefined): void {
    if (!quarantine && !this.quarantine(name)) return;
    if (quarantine) this.#remembered.quarantines[name] = quarantine;
    else delete this.#remembered.quarantines[name];
    this.#save();
  }

  lastGood(name: string): LastGood | undefined {
    return Object.hasOwn(this.#remembered.lastGood, name) ? this.#remembered.lastGood[name] : undefined;
  }

  setLastGood(name: string, good: LastGood): void {
    if (JSON.stringify(this.lastGood(name)) === JSON.stringify(good)) return;
    this.#remembered.lastGood[name] = good;
    this.#save();
  }

  storeFolder(name: string): string {
    if (this.#temporary === undefined) {
      const path = join(this.#folder, 'plugins', name);
      try {
        mkdirSync(path, { recursive: true, mode: 0o700 });
        return path;
      } catch (fault) {
        this.#warn(fault);
        this.#temporary = mkdtempSync(join(tmpdir(), 'mien-plugins-'));
      }
    }
    const path = join(this.#temporary, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  async saved(): Promise<void> {
    await this.#saving;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#saving;
    if (this.#temporary !== undefined) await rm(this.#temporary, { recursive: true, force: true });
  }

  /** One write at a time; what is set meanwhile goes with the next. */
  #save(): void {
    this.#dirty = true;
    this.#saving ??= this.#write().finally(() => {
      this.#saving = undefined;
    });
  }

  async #write(): Promise<void> {
    while (this.#dirty) {
      this.#dirty = false;
      try {
        // Options may hold secrets.
        await replaceFile(this.#path, `${JSON.stringify(this.#remembered, null, 1)}\n`, 0o600);
      } catch (fault) {
        this.#warn(fault);
      }
    }
  }

  #warn(fault: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    const advice = 'the state folder cannot be written: what plugins keep is lost when Mien stops. Set stateFolder in the configuration';
    this.#logger.warn({ folder: this.#folder, reason: fault instanceof Error ? fault.message : String(fault) }, advice);
  }
}
