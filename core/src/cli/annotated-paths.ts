import { mkdir, realpath, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { MienError } from '../errors.ts';

/**
 * Where the drawn picture of each input goes: `annotate` itself for one input, into the folder of that name for several. Pictures of
 * one name in different folders get numbers. Errors: OPTION_UNKNOWN when a drawing would take the place of an input; OUTPUT_UNWRITABLE when the folder cannot be made.
 */
export async function annotatedPaths(files: readonly string[], annotate: string): Promise<ReadonlyMap<string, string>> {
  const intoFolder = files.length > 1 || (await stat(annotate).catch(() => undefined))?.isDirectory() === true;
  if (intoFolder) {
    await mkdir(annotate, { recursive: true }).catch((cause: Error) => {
      throw new MienError('OUTPUT_UNWRITABLE', `--annotate ${annotate} cannot be a folder for ${files.length} pictures: ${cause.message}`, { cause });
    });
  }
  const originals = new Set(await Promise.all(files.map(real)));
  const taken = new Set<string>();
  const paths = new Map<string, string>();
  for (const file of files) {
    const path = intoFolder ? free(join(annotate, file === '-' ? 'stdin' : basename(file, extname(file))), taken) : annotate;
    if (originals.has(await real(path))) {
      throw new MienError('OPTION_UNKNOWN', `--annotate would write over the picture ${path}; give another ${intoFolder ? 'folder' : 'file'}`);
    }
    paths.set(file, path);
  }
  return paths;
}

/** Errors: OUTPUT_UNWRITABLE. */
export async function writeAnnotated(path: string, jpeg: Uint8Array): Promise<void> {
  try {
    await writeFile(path, jpeg);
  } catch (cause) {
    throw new MienError('OUTPUT_UNWRITABLE', `cannot write the drawn picture ${path}: ${(cause as Error).message}`, { cause });
  }
}

function free(stem: string, taken: Set<string>): string {
  let path = `${stem}.jpg`;
  for (let number = 2; taken.has(path); number += 1) path = `${stem}-${number}.jpg`;
  taken.add(path);
  return path;
}

/** The place itself, whatever links lead to it; a file that is not there yet lies in its folder. */
async function real(path: string): Promise<string> {
  const folder = await realpath(dirname(path)).catch(() => resolve(dirname(path)));
  return realpath(path).catch(() => join(folder, basename(path)));
}
