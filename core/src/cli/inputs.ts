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
  const kind = await stat(word).catch(() => undefined);
  if (kind?.isFile()) yield { file: word };
  else if (kind?.isDirectory()) yield* folder(word);
  else if (/[*?[\]{}]/.test(word)) yield* matching(word);
  else yield { file: word, error: new MienError('INPUT_NOT_FOUND', `There is no file, folder or match for ${word}.`) };
}

async function* folder(path: string): AsyncGenerator<Input> {
  const names = await readdir(path, { recursive: true });
  const pictures = names.filter((name) => PICTURE_ENDINGS.has(extname(name).toLowerCase())).sort();
  for (const name of pictures) yield { file: join(path, name) };
  if (pictures.length === 0) {
    yield {
      file: path,
      error: new MienError('INPUT_NOT_FOUND', `The folder ${path} holds no pictures; expected names ending in ${[...PICTURE_ENDINGS].join(', ')}.`),
    };
  }
}

async function* matching(pattern: string): AsyncGenerator<Input> {
  const files: string[] = [];
  for await (const file of glob(pattern)) files.push(file);
  for (const file of files.sort()) if ((await stat(file).catch(() => undefined))?.isFile()) yield { file };
  if (files.length === 0) yield { file: pattern, error: new MienError('INPUT_NOT_FOUND', `Nothing matches ${pattern}.`) };
}
