/** Where the plugin process begins, and what it must be able to read. For the host, which loads nothing of the runtime itself. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const inSource = import.meta.url.endsWith('.ts');

/** Run as `node <flags> <entry> own|shared`, with the channel as file descriptor 3. .ts in the repository, .js in the package. */
export const pluginProcessEntry = fileURLToPath(new URL(inSource ? './process.ts' : './process.js', import.meta.url));

/** Folders and files that the process reads under Node's permission model, beside the plugin's own. */
export function runtimeReads(): string[] {
  const core = fileURLToPath(new URL('../../', import.meta.url));
  const own = ['src', 'dist', 'package.json'].map((name) => join(core, name)).filter((path) => existsSync(path));
  return [...own, ...['typebox', 'fastest-levenshtein'].flatMap((name) => packageFolders(core, name))];
}

/** As found from the folder upwards, and where links in between lead. */
function packageFolders(from: string, name: string): string[] {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(found)) return [...new Set([found, realpathSync(found)])];
    if (folder === dirname(folder)) return [];
  }
}
