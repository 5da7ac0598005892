/**
 * Bundles the Node-RED nodes into node-red-nodes/dist: <type>.js (CommonJS, from src/nodes), <type>.html (from editor: dialog and script), catalogues, help
 * and icons. What is in the package is in no other: nothing is installed beside it.
 */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const home = fileURLToPath(new URL('../node-red-nodes/', import.meta.url));
const common = { bundle: true, minify: true, charset: 'utf8', legalComments: 'none', logLevel: 'warning', write: false };

const names = async (folder, ending) =>
  (await readdir(join(home, folder)).catch(() => [])).filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));

/** The runtime half of each type, by its name. */
async function runtime(types) {
  const { outputFiles } = await build({
    ...common,
    entryPoints: types.map((type) => join(home, 'src', 'nodes', `${type}.ts`)),
    outdir: 'dist',
    platform: 'node',
    format: 'cjs',
    target: 'node22.9',
    // Node-RED wants the function itself.
    footer: { js: 'module.exports=module.exports.default;' },
  });
  return outputFiles.map(({ path, text }) => [path.split('/').at(-1), text]);
}

/** The dialog, and the editor's script within it. */
async function editor(type) {
  const { outputFiles } = await build({ ...common, entryPoints: [join(home, 'editor', `${type}.ts`)], platform: 'browser', format: 'iife', target: 'es2022' });
  const dialog = await readFile(join(home, 'editor', `${type}.html`), 'utf8').catch(() => '');
  // A closing tag within the script would end it.
  const script = outputFiles[0].text.trim().replaceAll('</script', '<\\/script');
  return [`${type}.html`, `${dialog.trim()}\n<script type="text/javascript">${script}</script>\n`];
}

/** Each type has a catalogue of its own in Node-RED: it holds the texts that all share, too. */
async function catalogues(language, types) {
  const from = join('locales', language);
  const read = async (name) => JSON.parse(await readFile(join(home, from, `${name}.json`), 'utf8').catch(() => '{}'));
  const shared = await read('common');
  const files = await Promise.all(types.map(async (type) => [join(from, `${type}.json`), `${JSON.stringify({ ...shared, ...(await read(type)) })}\n`]));
  for (const type of await names(from, '.html')) files.push([join(from, `${type}.html`), await readFile(join(home, from, `${type}.html`), 'utf8')]);
  return files;
}

/** Text of each file by its path in the package's dist. */
export async function nodeRedFiles() {
  const [types, editors, languages] = await Promise.all([names(join('src', 'nodes'), '.ts'), names('editor', '.ts'), readdir(join(home, 'locales'))]);
  const sets = editors.filter((name) => !name.endsWith('.d'));
  // Half a node would be one that Node-RED cannot load; the others are to run all the same.
  const lacking = types.filter((type) => !sets.includes(type));
  if (lacking.length > 0) console.error(`node-red-nodes: left out, without an editor half (editor/<type>.ts): ${lacking.join(', ')}`);
  const whole = types.filter((type) => sets.includes(type));
  const parts = await Promise.all([runtime(whole), Promise.all(sets.map(editor)), ...languages.map((language) => catalogues(language, sets))]);
  return Object.fromEntries(parts.flat());
}

export async function buildNodeRed(target = join(home, 'dist')) {
  const files = await nodeRedFiles();
  await rm(target, { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(target, path, '..'), { recursive: true });
    await writeFile(join(target, path), text);
  }
  await cp(join(home, 'icons'), join(target, 'icons'), { recursive: true }).catch((fault) => {
    if (fault.code !== 'ENOENT') throw fault;
  });
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = await buildNodeRed();
  const sizes = Object.entries(files).map(([path, text]) => [path, Buffer.byteLength(text)]);
  for (const [path, bytes] of sizes) console.error(`${String(bytes).padStart(7)}  ${path}`);
  console.error(`${String(sizes.reduce((sum, [, bytes]) => sum + bytes, 0)).padStart(7)}  bytes in all`);
}
