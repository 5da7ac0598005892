/** Bundles the console page into core/dist/console/page: hashed names, no inline script or style, nothing from other hosts. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = fileURLToPath(new URL('../core/src/console/page/', import.meta.url));
const target = fileURLToPath(new URL('../core/dist/console/page/', import.meta.url));

export async function buildConsole() {
  await mkdir(target, { recursive: true });
  const before = await readdir(target);
  const { metafile } = await build({
    entryPoints: [`${source}main.ts`, `${source}style.css`],
    outdir: target,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const files = Object.entries(metafile.outputs).map(([path, { bytes }]) => ({ name: basename(path), bytes }));
  const nameOf = (ending) => files.find(({ name }) => name.endsWith(ending)).name;
  const html = (await readFile(`${source}index.html`, 'utf8')).replace('main.js', nameOf('.js')).replace('style.css', nameOf('.css'));
  const icon = await readFile(`${source}icon.svg`);
  await writeFile(`${target}icon.svg`, icon);
  await writeFile(`${target}index.html`, html);
  // The page names its files, so the old ones go last.
  const current = new Set(['index.html', 'icon.svg', ...files.map(({ name }) => name)]);
  await Promise.all(before.filter((name) => !current.has(name)).map((name) => rm(`${target}${name}`)));
  return [...files, { name: 'icon.svg', bytes: icon.length }, { name: 'index.html', bytes: Buffer.byteLength(html) }];
}

if (import.meta.main) {
  const files = await buildConsole();
  for (const { name, bytes } of files) console.error(`${String(bytes).padStart(7)}  ${name}`);
  console.error(`${String(files.reduce((sum, { bytes }) => sum + bytes, 0)).padStart(7)}  bytes in all`);
}
