/**
 * A start of `mien run`: with which settings, and whether in safe mode (no plugins, no modules), which comes by --safe or after three starts that
 * failed. A start was good when Mien ran for 30 s or was stopped by a signal.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { type BootRecord, type FailedBoot, openBootRecord, processIdentity } from './boot-record.ts';
import type { Config } from './config.ts';
import { type ErrorCode, MienError } from './errors.ts';
import { type ConfigInput, checkConfig, readConfigText, readSettings, withEnvironment } from './load-config.ts';
import { stateFolder } from './state-folder.ts';

export interface BootOptions {
  /** mien.yaml, if there is one. */
  readonly path?: string | undefined;
  /** Put over what the file says: the command line. */
  readonly override?: (settings: ConfigInput) => ConfigInput;
  /** Asked for by --safe. */
  readonly safe?: boolean;
  /** Whether this start counts: not for --once, a simulation, a tape. */
  readonly counts?: boolean;
  readonly goodAfterMs?: number;
  /** Told when the state folder cannot be written. */
  readonly onUnwritable?: (path: string, fault: unknown) => void;
}

export interface Boot extends AsyncDisposable {
  readonly config: Config;
  /** Why it is in safe mode, in words for a person; undefined when it is not. */
  readonly safeMode: string | undefined;
  /** Mien is up: from now on it takes 30 s to be good. */
  running(): void;
  /** Stopped by a signal, or ended as it should. */
  stopped(): Promise<void>;
  /** What `createMien` rejected with, or ended Mien later. */
  failed(fault: unknown): Promise<void>;
}

const FAILED_BEFORE_SAFE = 3;
const GOOD_AFTER_MS = 30_000;
/** Mistakes of who types; where nobody does, because systemd starts Mien, they count like any other. */
const mistakes: ReadonlySet<ErrorCode> = new Set(['CONFIG_INVALID', 'OPTION_UNKNOWN', 'PORT_IN_USE', 'INPUT_NOT_FOUND', 'TOKEN_REQUIRED']);

/** Started by systemd or another that watches over it. */
export function isSupervised(env: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(env['NOTIFY_SOCKET'] || env['INVOCATION_ID']);
}

/** Errors: INPUT_NOT_FOUND, CONFIG_INVALID; in safe mode only for what `override` brings in. */
export async function openBoot(options: BootOptions): Promise<Boot> {
  const { path, safe = false, counts = true, override = (settings) => settings, goodAfterMs = GOOD_AFTER_MS, onUnwritable = () => {} } = options;
  const text = path === undefined ? undefined : await readFile(path, 'utf8').catch(() => undefined);
  const folder = stateFolder({ stateFolder: await wishedFolder(text, path, override) });
  const record = await openBootRecord(folder, path === undefined ? undefined : resolve(path), onUnwritable);
  // Another that runs with this configuration keeps its own record.
  const elsewhere = record.open !== undefined && processIdentity(record.open.pid) === record.open.process;
  const before = failedBefore(record, elsewhere);
  const isCounted = counts && !elsewhere;
  const isSafe = safe || (isCounted && before.length >= FAILED_BEFORE_SAFE);
  const boot = new CountedBoot({ record, before, isSafe, isCounted, text, goodAfterMs });
  try {
    const { settings, why } = await settingsOf(path, isSafe, before, record);
    const config = checkConfig(override(settings), path ?? 'the command line');
    await boot.begin(
      isSafe ? safeConfig(config) : config,
      isSafe ? [safe ? 'asked for with --safe' : afterFailures(before), why].filter(Boolean).join('; ') : undefined,
    );
    return boot;
  } catch (fault) {
    await boot.failed(fault);
    throw fault;
  }
}

/** A start that never said how it ended has failed. */
function failedBefore(record: BootRecord, elsewhere: boolean): readonly FailedBoot[] {
  const { open, failed } = record;
  if (!open || elsewhere) return failed;
  return [...failed, { atWallMs: open.atWallMs, safe: open.safe, reason: 'it ended without a word: killed, out of memory, or the power went' }];
}

function afterFailures(before: readonly FailedBoot[]): string {
  const newest = before.at(-1);
  return `the last ${before.length} starts failed, the newest (${new Date(newest?.atWallMs ?? 0).toISOString()}) so: ${newest?.reason}`;
}

/** The file; in safe mode what last ran well, where the file is faulty or safe mode failed with it before. `why`: why it is not the file. */
async function settingsOf(
  path: string | undefined,
  isSafe: boolean,
  before: readonly FailedBoot[],
  record: BootRecord,
): Promise<{ settings: ConfigInput; why?: string }> {
  if (!isSafe) return { settings: await readSettings(path) };
  let why = '';
  try {
    const settings = await readSettings(path);
    checkConfig(settings, path);
    if (path === undefined || !before.some(({ safe }) => safe)) return { settings };
    why = `${path} failed in safe mode too`;
  } catch (fault) {
    why = MienError.from(fault).message;
  }
  const good = await record.lastGood();
  try {
    const settings = withEnvironment(good === undefined ? {} : readConfigText(good, path ?? ''));
    checkConfig(settings);
    return {
      settings,
      why: `${why}; with ${good === undefined ? 'every default, since no configuration has run well yet' : 'the configuration that last ran well'}`,
    };
  } catch {
    return { settings: withEnvironment({}), why: `${why}; with every default` };
  }
}

function safeConfig(config: Config): Config {
  const { pluginFolder: _, ...rest } = config;
  return { ...rest, plugins: {}, modules: [] };
}

/** `stateFolder` as the file says it, also where the rest of the file makes no sense: there the last good configuration lies. */
async function wishedFolder(text: string | undefined, path: string | undefined, override: (settings: ConfigInput) => ConfigInput): Promise<string | undefined> {
  let said: unknown;
  try {
    said = override(text === undefined ? {} : { stateFolder: parseDocument(text).get('stateFolder') }).stateFolder;
  } catch {
    return undefined;
  }
  return typeof said === 'string' && said !== '' ? resolve(path === undefined ? '.' : dirname(path), said) : undefined;
}

interface Start {
  readonly record: BootRecord;
  readonly before: readonly FailedBoot[];
  readonly isSafe: boolean;
  readonly isCounted: boolean;
  readonly text: string | undefined;
  readonly goodAfterMs: number;
}

class CountedBoot implements Boot {
  readonly #start: Start;
  #begun: { readonly config: Config; readonly safeMode: string | undefined } | undefined;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(start: Start) {
    this.#start = start;
  }

  get config(): Config {
    if (!this.#begun) throw new Error('begin() comes first');
    return this.#begun.config;
  }

  get safeMode(): string | undefined {
    return this.#begun?.safeMode;
  }

  /** Written down before anything is started, so that a start that takes the machine along counts. */
  async begin(config: Config, safeMode: string | undefined): Promise<void> {
    this.#begun = { config, safeMode };
    const { record, before, isSafe } = this.#start;
    await this.#save(() => record.save(before, { atWallMs: Date.now(), safe: isSafe, pid: process.pid, process: processIdentity(process.pid) ?? 'unknown' }));
  }

  running(): void {
    this.#timer ??= setTimeout(() => {
      void this.#good(true);
    }, this.#start.goodAfterMs).unref();
  }

  async stopped(): Promise<void> {
    await this.#good(false);
  }

  async failed(fault: unknown): Promise<void> {
    if (this.#isOver) return;
    this.#end();
    const { record, before, isSafe } = this.#start;
    const { code, message } = MienError.from(fault);
    const mistyped = mistakes.has(code) && !isSupervised();
    const failed = mistyped ? before : [...before, { atWallMs: Date.now(), reason: `${code}: ${message}`.slice(0, 500), safe: isSafe }];
    await this.#save(() => record.save(failed, undefined));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.#saving;
  }

  async #good(lasted: boolean): Promise<void> {
    if (this.#isOver) return;
    this.#end();
    const { record, text, isSafe } = this.#start;
    await this.#save(async () => {
      await record.save([], undefined);
      if (lasted && !isSafe && text !== undefined) await record.keepLastGood(text);
    });
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #save(write: () => Promise<void>): Promise<void> {
    if (this.#start.isCounted) this.#saving = this.#saving.then(write);
    return this.#saving;
  }
}
