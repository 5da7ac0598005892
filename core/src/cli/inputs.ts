import { glob, readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import { MienError } from '../errors.ts';

const PICTURE_ENDINGS = new Set(['.jpg', '.jpeg', '.png', '.webp', '.avif', '.gif', '.tif', '.tiff']);

/** `name` is what a file is called below the folder that was given, else its last part. */
export type Input = { readonly file: string; readonly name: string } | { readonly file: string; readonly error: MienError };

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
    yield { file: '-', name: 'stdin' };
    return;
  }
  const kind = await stat(word).catch((fault: NodeJS.ErrnoException) => fault);
  if (!(kind instanceof Error)) {
    if (kind.isDirectory()) yield* folder(word);
    else yield { file: word, name: basename(word) };
  } else if (/[*?[\]{}]/.test(word)) yield* matching(word);
  else if (kind.code === 'ENOENT') yield { file: word, error: new MienError('INPUT_NOT_FOUND', `There is no file, folder or match for ${word}.`) };
  else yield unreadable(word, kind);
}

async function* folder(path: string): AsyncGenerator<Input> {
  const inputs = await below(path, path);
  yield* inputs.sort((a, b) => (a.file < b.file ? -1 : 1));
  if (inputs.length === 0) {
    yield {
      file: path,
      error: new MienError('INPUT_NOT_FOUND', `The folder ${path} holds no pictures; expected names ending in ${[...PICTURE_ENDINGS].join(', ')}.`),
    };
  }
}

/** A folder that cannot be read is a fault of its own; the others are still looked through. */
async function below(path: string, root: string): Promise<Input[]> {
  try {
    const found: Input[] = [];
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const file = join(path, entry.name);
      if (entry.isDirectory()) found.push(...(await below(file, root)));
      else if (PICTURE_ENDINGS.has(extname(file).toLowerCase())) found.push({ file, name: relative(root, file) });
    }
    return found;
  } catch (fault) {
    return [unreadable(path, fault as Error)];
  }
}

async function* matching(pattern: string): AsyncGenerator<Input> {
  const files: string[] = [];
  for await (const file of glob(pattern)) files.push(file);
  for (const file of files.sort()) if ((await stat(file).catch(() => undefined))?.isFile()) yield { file, name: basename(file) };
  if (files.length === 0) yield { file: pattern, error: new MienError('INPUT_NOT_FOUND', `Nothing matches ${pattern}.`) };
}

function unreadable(file: string, cause: Error): Input {
  return { file, error: new MienError('INPUT_NOT_FOUND', `Cannot read ${file}: ${cause.message}`, { cause }) };
}
