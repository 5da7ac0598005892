/** Where imports lead in a process that runs plugins. Nothing here may import what it redirects. */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const own = new URL('../', import.meta.url).href;
const sdk = new URL(import.meta.url.endsWith('.ts') ? '../plugin.ts' : '../plugin.js', import.meta.url).href;
let isSdkMapped = false;

/** A plugin in /opt has no node_modules of ours, and one that has would bring a second SDK with error classes of its own. */
export function mapSdk(): void {
  if (isSdkMapped) return;
  isSdkMapped = true;
  registerHooks({
    resolve: (specifier, context, next) => (specifier === '@mien/core/plugin' ? { url: sdk, shortCircuit: true } : next(specifier, context)),
  });
}

/** Our own code takes TypeBox in one piece where it was bundled: its several hundred modules cost a plugin process 25 MB and most of its start. */
export function mapTypebox(): void {
  const bundle = new URL('../../dist/typebox/', import.meta.url);
  const files = new Map([
    ['typebox', new URL('index.mjs', bundle)],
    ['typebox/value', new URL('value.mjs', bundle)],
  ]);
  if (![...files.values()].every((file) => existsSync(file))) return;
  registerHooks({
    resolve: (specifier, context, next) => {
      const file = context.parentURL?.startsWith(own) ? files.get(specifier) : undefined;
      return file ? { url: file.href, shortCircuit: true } : next(specifier, context);
    },
  });
}
