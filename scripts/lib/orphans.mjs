// tsc leaves what it made of a module that was deleted since; packed, it would be shipped.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

const MADE = /\.(js|d\.ts)$/;

/** Removes files below `dist` whose source is gone from `sources`, folders in `kept` left alone, and empty folders. Returns what was removed. */
export function removeOrphans(workspace, kept = [], sources = 'src') {
  const dist = join(workspace, 'dist');
  const removed = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const name = relative(dist, path);
      if (kept.includes(name)) continue;
      if (entry.isDirectory()) walk(path);
      else if (MADE.test(name) && !existsSync(join(workspace, sources, name.replace(MADE, '.ts')))) {
        rmSync(path);
        removed.push(name);
      }
    }
    if (folder !== dist && readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
  };
  if (existsSync(dist)) walk(dist);
  return removed;
}
