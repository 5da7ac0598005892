/** Follows mien.yaml while Mien runs: plugins are changed at once, of everything else it is said what waits for a restart. */
import { type FSWatcher, unwatchFile, watch, watchFile } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.ts';
import { MienError } from './errors.ts';
import type { Logger } from './log.ts';

export interface WatchConfigOptions {
  readonly path: string;
  /** The settings in use. */
  readonly config: Config;
  /** Reads and checks the settings as they were read at the start, the command line included. */
  readonly read: () => Promise<Config>;
  /** Goes over to these plugins. */
  readonly apply: (plugins: Config['plugins']) => Promise<void>;
  readonly logger: Logger;
  /** An editor writes in several steps; so long it must have been quiet. */
  readonly quietMs?: number;
}

export interface ConfigWatch extends AsyncDisposable {
  /** Reads it now, as on SIGHUP. Resolves when what changed is in use. */
  reload(): Promise<void>;
}

const QUIET_MS = 200;
/** Where the system gives no notice of changes. */
const POLL_MS = 3000;

export function watchConfig(options: WatchConfigOptions): ConfigWatch {
  return new Following(options);
}

class Following implements ConfigWatch {
  readonly #options: WatchConfigOptions;
  readonly #watchers: FSWatcher[] = [];
  #inUse: Config;
  /** As last looked at. */
  #text: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void>;
  #isOver = false;
  #polls = false;

  constructor(options: WatchConfigOptions) {
    this.#options = options;
    this.#inUse = options.config;
    this.#turn = this.#begin();
  }

  reload(): Promise<void> {
    return this.#next(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
    if (this.#polls) unwatchFile(this.#options.path, this.#changed);
    await this.#turn;
  }

  /** Folders, not the file: it is replaced by renaming. Where it is a link, also the folder of what it leads to. */
  async #begin(): Promise<void> {
    const { path } = this.#options;
    const target = await realpath(path).catch(() => path);
    if (this.#isOver) return;
    try {
      for (const each of new Set([path, target])) {
        const watcher = watch(dirname(each), { persistent: false }, (_, name) => {
          if (name === null || name === basename(each)) this.#changed();
        });
        this.#watchers.push(watcher);
        watcher.on('error', () => this.#poll());
      }
    } catch {
      this.#poll();
    }
    // It may have been written since it was read at the start.
    this.#changed();
  }

  #poll(): void {
    if (this.#polls || this.#isOver) return;
    this.#polls = true;
    watchFile(this.#options.path, { interval: POLL_MS, persistent: false }, this.#changed);
  }

  readonly #changed = (): void => {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#next(false), this.#options.quietMs ?? QUIET_MS).unref();
  };

  #next(isAsked: boolean): Promise<void> {
    this.#turn = this.#turn.then(() => this.#read(isAsked));
    return this.#turn;
  }

  async #read(isAsked: boolean): Promise<void> {
    const { path, read, logger } = this.#options;
    if (this.#isOver) return;
    const text = await textOf(path);
    if (text === this.#text && !isAsked) return;
    this.#text = text;
    let config: Config;
    try {
      config = await read();
    } catch (fault) {
      logger.error({ path }, `the configuration was changed and is not taken; what was in use stays. ${MienError.from(fault).message}`);
      return;
    }
    await this.#goOver(config, isAsked);
  }

  async #goOver(config: Config, isAsked: boolean): Promise<void> {
    const { path, apply, logger } = this.#options;
    const waiting = differing(this.#options.config, config).filter((section) => section !== 'plugins');
    if (waiting.length > 0) logger.warn({ path, sections: waiting }, `changed in the configuration, in use after a restart of Mien: ${waiting.join(', ')}`);
    if (isDeepStrictEqual(this.#inUse.plugins, config.plugins)) {
      if (isAsked && waiting.length === 0) logger.info({ path }, 'the configuration was read again: nothing differs from what is in use');
      return;
    }
    const names = differing(this.#inUse.plugins, config.plugins);
    logger.info({ path, plugins: names }, `the configuration was changed: ${names.join(', ')}`);
    try {
      await apply(config.plugins);
      this.#inUse = config;
    } catch (fault) {
      logger.error({ err: fault, path }, 'the plugins could not be changed');
    }
  }
}

function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function differing<T extends object>(former: T, latter: T): string[] {
  const keys = new Set([...Object.keys(former), ...Object.keys(latter)]) as Set<keyof T & string>;
  return [...keys].filter((key) => !isDeepStrictEqual(former[key], latter[key]));
}
