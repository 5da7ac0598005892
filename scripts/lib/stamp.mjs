// A step of set-up runs when the hash of its inputs differs from the one it left behind, or when its output is gone.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

function* files(path) {
  if (!existsSync(path)) return;
  if (statSync(path).isFile()) {
    yield path;
    return;
  }
  for (const name of readdirSync(path).sort()) {
    if (name === 'node_modules' || name === 'dist' || name === 'prebuilds') continue;
    yield* files(join(path, name));
  }
}

/** Hash of the names and contents of files and folders, and of extra words such as a compiler's version. */
export function hashInputs(root, paths, words = []) {
  const hash = createHash('sha256');
  for (const word of words) hash.update(`${word}\0`);
  for (const path of paths) {
    for (const file of files(join(root, path))) {
      hash.update(relative(root, file));
      hash.update('\0');
      hash.update(readFileSync(file));
      hash.update('\0');
    }
  }
  return hash.digest('hex');
}

export function isFresh(root, step, hash, outputs) {
  const stamp = join(root, '.mien', 'stamps', step);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hash && outputs.every((path) => existsSync(join(root, path)));
}

export function writeStamp(root, step, hash) {
  mkdirSync(join(root, '.mien', 'stamps'), { recursive: true });
  writeFileSync(join(root, '.mien', 'stamps', step), hash);
}
