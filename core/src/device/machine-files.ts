/** What the kernel and the distribution tell in files, below a root that tests replace. Nothing here ever throws or waits long. */
import { access, constants, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A value, or why there is none in words for a person. */
export type Found<T> = { readonly value: T } | { readonly absent: string };

export interface MachineFiles {
  /** Where a path of the machine lies. */
  path(path: string): string;
  /** Without surrounding white space and the NULs of a device tree. */
  text(path: string): Promise<Found<string>>;
  /** Names in a folder in order; empty where there is none or it may not be read. */
  names(folder: string): Promise<readonly string[]>;
  exists(path: string): Promise<boolean>;
  /** This process may read and write it. */
  mayUse(path: string): Promise<boolean>;
}

export function openMachineFiles(root = '/', answerWithinMs = 500): MachineFiles {
  return new FilesBelow(root, answerWithinMs);
}

class FilesBelow implements MachineFiles {
  readonly #root: string;
  readonly #answerWithinMs: number;
  /** Asked and not answered yet: a file of a stuck driver is not asked again, since each question holds a thread. */
  readonly #open = new Set<string>();

  constructor(root: string, answerWithinMs: number) {
    this.#root = root;
    this.#answerWithinMs = answerWithinMs;
  }

  path(path: string): string {
    return join(this.#root, path);
  }

  async text(path: string): Promise<Found<string>> {
    if (this.#open.has(path)) return { absent: `${path} does not answer` };
    this.#open.add(path);
    const reading = readFile(this.path(path), 'utf8')
      .then((text): Found<string> => ({ value: text.replaceAll('\0', '\n').trim() }))
      .catch((fault: NodeJS.ErrnoException): Found<string> => ({ absent: whyAbsent(path, fault) }))
      .finally(() => this.#open.delete(path));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Found<string>>((resolve) => {
      timer = setTimeout(() => resolve({ absent: `${path} does not answer` }), this.#answerWithinMs);
    });
    return Promise.race([reading, late]).finally(() => clearTimeout(timer));
  }

  async names(folder: string): Promise<readonly string[]> {
    const names = await readdir(this.path(folder)).catch(() => []);
    return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  }

  exists(path: string): Promise<boolean> {
    return this.#may(path, constants.F_OK);
  }

  mayUse(path: string): Promise<boolean> {
    return this.#may(path, constants.R_OK | constants.W_OK);
  }

  #may(path: string, mode: number): Promise<boolean> {
    return access(this.path(path), mode).then(
      () => true,
      () => false,
    );
  }
}

function whyAbsent(path: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return `there is no ${path}`;
  if (code === 'EACCES' || code === 'EPERM') return `${path} may not be read by this user`;
  return `${path} cannot be read: ${message}`;
}
