import type { Dirent, Stats } from 'node:fs';
import { glob, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { MienError } from '../errors.ts';

const PICTURE_ENDINGS = new Set(['.jpg', '.jpeg', '.png', '.webp', '.avif', '.gif', '.tif', '.tiff']);

export type Input = { readonly file: string } | { readonly file: string; readonly error: MienError };

/** Names of pictures for files, folders (with what is below them), globs and `-`, in the order given, each once. */
export async function findInputs(words: readonly string[]): Promise<Input[]> {
  const found = new Map<string, Input>();
  for (const word of words) {
    for await (const input of expand(word)) if (!found.has(input.file)) found.set(input.file, input);
  }
  return [...found.values()];
}

async function* expand(word: string): AsyncGenerator<Input> {
  if (word === '-') {
    yield { file: '-' };
    return;
  }
  const kind: Stats | NodeJS.ErrnoException = await stat(word).catch((fault) => fault);
  if (!(kind instanceof Error)) {
    if (kind.isFile()) yield { file: word };
    else if (kind.isDirectory()) yield* folder(word);
    else yield notFound(word, `${word} is neither a file nor a folder.`);
  } else if (/[*?[\]{}]/.test(word)) yield* matching(word);
  else if (kind.code === 'ENOENT') yield notFound(word, `There is no file, folder or match for ${word}.`);
  else yield notFound(word, `Cannot read ${word}: ${kind.message}`);
}

async function* folder(path: string): AsyncGenerator<Input> {
  const inputs = await below(path);
  yield* inputs.sort((a, b) => (a.file < b.file ? -1 : 1));
  if (inputs.length === 0) yield notFound(path, `The folder ${path} holds no pictures; expected names ending in ${[...PICTURE_ENDINGS].join(', ')}.`);
}

/** Links to folders are not followed: they may lead in a circle. A folder that cannot be read is a fault of its own, and the others are still looked through. */
async function below(path: string): Promise<Input[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch (fault) {
    return [notFound(path, `Cannot read the folder ${path}: ${(fault as Error).message}`)];
  }
  const found: Input[] = [];
  for (const entry of entries) {
    const file = join(path, entry.name);
    if (entry.isDirectory()) found.push(...(await below(file)));
    else if (PICTURE_ENDINGS.has(extname(file).toLowerCase()) && (entry.isFile() || (await leadsToFile(entry, file)))) found.push({ file });
  }
  return found;
}

/** A link to a file, or one that leads nowhere, which reading it will say. */
async function leadsToFile(entry: Dirent, file: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return false;
  const target = await stat(file).catch(() => undefined);
  return target === undefined || target.isFile();
}

async function* matching(pattern: string): AsyncGenerator<Input> {
  const files: string[] = [];
  for await (const file of glob(pattern)) if ((await stat(file).catch(() => undefined))?.isFile()) files.push(file);
  for (const file of files.sort()) yield { file };
  if (files.length === 0) yield notFound(pattern, `Nothing matches ${pattern}.`);
}

function notFound(file: string, message: string): Input {
  return { file, error: new MienError('INPUT_NOT_FOUND', message) };
}
