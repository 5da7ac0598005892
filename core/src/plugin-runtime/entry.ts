/** Where the plugin process begins, and what it must be able to read. For the host, which loads nothing of the runtime itself. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const inSource = import.meta.url.endsWith('.ts');

/** Run as `node <flags> <entry> own|shared`, with the channel as file descriptor 3. .ts in the repository, .js in the package. */
export const pluginProcessEntry = fileURLToPath(new URL(inSource ? './process.ts' : './process.js', import.meta.url));

/** Folders and files that the process reads under Node's permission model, beside the plugin's own. */
export function runtimeReads(): string[] {
  const code = fileURLToPath(new URL('../', import.meta.url));
  const require = createRequire(import.meta.url);
  const packages = ['typebox', 'fastest-levenshtein'].map((name) => packageFolder(name, require.resolve(name)));
  return [code, join(code, '..', 'package.json'), ...packages];
}

function packageFolder(name: string, file: string): string {
  const marker = join('node_modules', name);
  const at = file.lastIndexOf(marker);
  return at < 0 ? dirname(file) : file.slice(0, at + marker.length);
}
