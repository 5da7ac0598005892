/** Where a Mien to run here is: the configured command, @mien/core beside Node-RED's other nodes, `mien` on PATH; else how to install one. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

export type Found =
  | { readonly kind: 'found'; readonly program: Program; readonly where: 'command' | 'user directory' | 'PATH' }
  | { readonly kind: 'missing'; readonly text: string; readonly installLine: string };

export interface FindOptions {
  /** As in the dialog: a program, with arguments perhaps; a JavaScript file is run by this Node. Relative to the user directory. */
  readonly command?: string | undefined;
  readonly userDir: string;
  /** The environment's PATH. */
  readonly path?: string | undefined;
}

export function findMien({ command = '', userDir, path = process.env['PATH'] ?? '' }: FindOptions): Found {
  // To be pasted as it is: quotes survive a path with spaces.
  const installLine = `cd '${userDir.replaceAll("'", "'\\''")}' && npm install @mien/core`;
  const [word, ...args] = wordsOf(command);
  if (word !== undefined) {
    const file = word.includes('/') ? (isAbsolute(word) ? word : resolve(userDir, word)) : onPath(word, path);
    if (file && isFile(file)) return { kind: 'found', where: 'command', program: runnable(file, args) };
    return { kind: 'missing', installLine, text: `the command "${word}" was not found; correct it in the dialog, or leave it empty and install Mien` };
  }
  const own = join(userDir, 'node_modules', '@mien', 'core', 'bin', 'mien.mjs');
  if (isFile(own)) return { kind: 'found', where: 'user directory', program: runnable(own, []) };
  const onTheWay = onPath('mien', path);
  if (onTheWay) return { kind: 'found', where: 'PATH', program: runnable(onTheWay, []) };
  return { kind: 'missing', installLine, text: `no Mien is installed: there is no @mien/core in ${userDir} and no mien on PATH` };
}

function runnable(file: string, args: readonly string[]): Program {
  return /\.[cm]?js$/.test(file) ? { file: process.execPath, args: [file, ...args] } : { file, args };
}

/** Words as a shell parts them, with '...' and "..." around what has spaces. Nothing is expanded. */
export function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:"([^"]*)"|'([^']*)'|[^\s"'])+/g)].map(([whole]) => whole.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
}

function onPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((file) => isFile(file) && isExecutable(file));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
