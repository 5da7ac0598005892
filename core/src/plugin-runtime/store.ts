import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { MienError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../plugin.ts';
import { plainJson } from './plain-json.ts';

/** Of the whole file. */
export const MAX_STORE_BYTES = 1024 * 1024;

interface Change {
  readonly key: string;
  /** JSON; undefined deletes. */
  readonly json: string | undefined;
  readonly done: PromiseWithResolvers<void>;
}

/** A plugin's store: one file in its folder, read when it is first asked, replaced whole at every change. Nothing is created before the first `set`. */
export class FileStore implements Store {
  readonly #folder: string;
  readonly #log: Logger;
  /** What is on disk. */
  #values: Map<string, string> | undefined;
  #changes: Change[] = [];
  #tail: Promise<void> = Promise.resolve();

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  async get<T>(key: string): Promise<T | undefined> {
    const json = (await this.#settled()).get(key);
    return json === undefined ? undefined : (JSON.parse(json) as T);
  }

  async keys(): Promise<string[]> {
    return [...(await this.#settled()).keys()];
  }

  async set(key: string, value: unknown): Promise<void> {
    if (typeof key !== 'string') throw new MienError('REQUEST_INVALID', `store.set: expected text as the key, got ${typeof key}`);
    if (value === undefined) return this.delete(key);
    return this.#change(key, JSON.stringify(plainJson(value, `store.set(${JSON.stringify(key)})`, 'REQUEST_INVALID')));
  }

  delete(key: string): Promise<void> {
    return this.#change(key, undefined);
  }

  /** Resolves when everything asked so far is on disk or was rejected. */
  async close(): Promise<void> {
    await this.#tail;
  }

  async #settled(): Promise<Map<string, string>> {
    const settled = this.#tail.then(() => this.#read());
    this.#tail = settled.then(ignore, ignore);
    return settled;
  }

  #change(key: string, json: string | undefined): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#changes.push({ key, json, done });
    // Changes that come while a file is being written go into the next one together.
    if (this.#changes.length === 1) this.#tail = this.#tail.then(() => this.#write());
    return done.promise;
  }

  async #write(): Promise<void> {
    const changes = this.#changes;
    this.#changes = [];
    try {
      const next = new Map(await this.#read());
      let bytes = Buffer.byteLength(textOf(next));
      const taken = changes.filter((change) => {
        const grown = bytes + sizeOf(change.key, change.json) - sizeOf(change.key, next.get(change.key));
        if (grown > MAX_STORE_BYTES) return tooLarge(change, grown);
        bytes = grown;
        if (change.json === undefined) next.delete(change.key);
        else next.set(change.key, change.json);
        return true;
      });
      if (taken.length > 0) await this.#replace(textOf(next));
      this.#values = next;
      for (const { done } of taken) done.resolve();
    } catch (fault) {
      const error = new MienError(
        'OUTPUT_UNWRITABLE',
        `The store in ${this.#folder} could not be written: ${(fault as Error).message}. Free some space, or correct the rights of the folder`,
        { cause: fault },
      );
      for (const { done } of changes) done.reject(error);
    }
  }

  async #replace(text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const temporary = join(this.#folder, 'store.new');
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(this.#folder, 'store.json'));
  }

  async #read(): Promise<Map<string, string>> {
    this.#values ??= await this.#load();
    return this.#values;
  }

  async #load(): Promise<Map<string, string>> {
    const path = join(this.#folder, 'store.json');
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (fault) {
      if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
      throw fault;
    }
    const values = parsed(text);
    if (values) return values;
    const aside = join(this.#folder, `store.corrupt-${Date.now()}`);
    await rename(path, aside);
    this.#log.error({ movedTo: aside }, 'the store could not be read: it starts empty, the old file was moved aside');
    return new Map();
  }
}

function ignore(): void {}

function tooLarge({ key, done }: Change, bytes: number): false {
  done.reject(
    new MienError(
      'OUTPUT_UNWRITABLE',
      `store.set(${JSON.stringify(key)}): the store would have ${bytes} bytes, at most ${MAX_STORE_BYTES} are allowed: delete something, or keep it in a file`,
    ),
  );
  return false;
}

/** Bytes of one entry with its separators. */
function sizeOf(key: string, json: string | undefined): number {
  return json === undefined ? 0 : Buffer.byteLength(JSON.stringify(key)) + Buffer.byteLength(json) + 3;
}

function textOf(values: Map<string, string>): string {
  return `{${[...values].map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',\n')}}\n`;
}

function parsed(text: string): Map<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return new Map(Object.entries(value).map(([key, one]) => [key, JSON.stringify(one)]));
  } catch {
    return undefined;
  }
}
