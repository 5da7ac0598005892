// Bundles TypeBox's several hundred modules into three files, core/dist/typebox: a plugin process loads them in a fraction of the time and memory.
import { copyFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const core = fileURLToPath(new URL('../core/', import.meta.url));
const target = `${core}dist/typebox/`;

await rm(target, { recursive: true, force: true });
await build({
  entryPoints: { index: 'typebox', value: 'typebox/value' },
  absWorkingDir: core,
  outdir: target,
  outExtension: { '.js': '.mjs' },
  chunkNames: 'shared',
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  logLevel: 'warning',
});
await copyFile(fileURLToPath(new URL('../license', import.meta.resolve('typebox'))), `${target}LICENSE`);
