// `npm run bench:plugins [name ...]`: figures of the plugins that come with Mien, each beside its budget. Run it on a quiet machine.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureTestNode } from './lib/node.mjs';
import { say } from './lib/say.mjs';
import { ensureSetup, root } from './setup.mjs';

const folder = join(root, 'scripts', 'bench-plugins');
const known = readdirSync(folder).filter((file) => file.endsWith('.ts'));
const asked = process.argv.slice(2);
const files = asked.length === 0 ? known : asked.map((name) => `${name}.ts`);
const unknown = files.filter((file) => !known.includes(file));
if (unknown.length > 0) {
  say(`nothing to measure of that name: ${unknown.join(', ')}; there are ${known.map((file) => file.replace('.ts', '')).join(', ')}`);
  process.exit(2);
}
ensureSetup();
const node = ensureTestNode(root);
const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` };
let missed = 0;
for (const file of files) {
  const { status, stdout } = spawnSync(node, [join(folder, file)], {
    cwd: root,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 300_000,
  });
  const figures = stdout.split('\n').filter((line) => line.startsWith('{"name"'));
  for (const line of figures) {
    const { name, value, unit, budget, ok } = JSON.parse(line);
    if (ok === false) missed += 1;
    console.log(`${ok === false ? 'OVER' : '  ok'} ${name}: ${value} ${unit}${budget === undefined ? '' : ` (budget ${budget})`}`);
  }
  if (status !== 0 || figures.length === 0) {
    missed += 1;
    console.log(`FAIL ${file}: ended with ${status} after ${figures.length} figures`);
  }
}
process.exitCode = missed === 0 ? 0 : 1;
