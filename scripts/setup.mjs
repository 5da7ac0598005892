// Everything a fresh checkout needs before Mien runs: Node, npm packages, compiler, addon, JavaScript, console page, Node-RED nodes.
// Plain JavaScript for Node 18 and up, since it must run before anything is there. Each step is keyed by its inputs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureNode } from './lib/node.mjs';
import { removeOrphans } from './lib/orphans.mjs';
import { aptInstall, onPath } from './lib/programs.mjs';
import { giveUp, say } from './lib/say.mjs';
import { hashInputs, isFresh, writeStamp } from './lib/stamp.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const platform = `${process.platform}-${process.arch}`;

const tsc = ['node_modules/typescript/bin/tsc'];

/** The steps in order. `run` gives commands for the chosen Node; `npm` stands for the npm at hand. */
const steps = [
  {
    name: 'packages',
    says: 'installing npm packages (about a minute the first time)',
    inputs: [
      'package.json',
      'package-lock.json',
      '.npmrc',
      'core/package.json',
      'native/package.json',
      'model/package.json',
      'plugins/package.json',
      'node-red-nodes/package.json',
    ],
    outputs: ['node_modules/typescript', 'node_modules/@mien/core'],
    run: [['npm', 'ci', '--ignore-scripts', '--loglevel=error', '--no-progress']],
  },
  {
    name: 'addon',
    says: 'compiling the native addon',
    inputs: ['native/src', 'native/sim', 'native/package.json', 'scripts/build-native.mjs'],
    outputs: [`native/prebuilds/${platform}/mien.node`, `native/prebuilds/${platform}/libmien-npu-simulated.so`],
    before: ensureCompiler,
    run: [['node', 'scripts/build-native.mjs']],
  },
  {
    name: 'javascript',
    says: 'compiling TypeScript',
    inputs: ['tsconfig.base.json', 'native/src', 'native/tsconfig.json', 'core/src', 'core/tsconfig.json', 'plugins', 'package-lock.json'],
    outputs: ['native/dist/index.js', 'core/dist/cli.js', 'plugins/dist/shared/template.js'],
    before: removeStale,
    run: [['node', ...tsc, '-b', 'native', 'core', 'plugins']],
  },
  {
    name: 'typebox',
    says: 'bundling TypeBox for plugin processes',
    inputs: ['scripts/build-typebox.mjs', 'package-lock.json'],
    outputs: ['core/dist/typebox/index.mjs', 'core/dist/typebox/value.mjs'],
    run: [['node', 'scripts/build-typebox.mjs']],
  },
  {
    name: 'console',
    says: 'bundling the console page',
    inputs: ['core/src', 'scripts/build-console.mjs', 'package-lock.json'],
    outputs: ['core/dist/console/page/index.html'],
    run: [['node', 'scripts/build-console.mjs']],
  },
  {
    name: 'node-red',
    says: 'bundling the Node-RED nodes',
    inputs: [
      'node-red-nodes',
      'core/src/client.ts',
      'core/src/client-error.ts',
      'core/src/socket-follower.ts',
      'scripts/build-node-red.mjs',
      'package-lock.json',
    ],
    outputs: ['node-red-nodes/dist/mien-host.js'],
    run: [['node', 'scripts/build-node-red.mjs']],
  },
];

/** JavaScript of modules that are gone; and, where outputs are gone, tsc's belief that it has nothing to do. */
function removeStale() {
  for (const { workspace, kept, sources, made } of [
    { workspace: 'native', made: 'index.js' },
    { workspace: 'core', made: 'index.js', kept: [join('console', 'page'), 'typebox'] },
    { workspace: 'plugins', made: join('shared', 'template.js'), sources: '.' },
  ]) {
    removeOrphans(join(root, workspace), kept, sources);
    if (!existsSync(join(root, workspace, 'dist', made))) rmSync(join(root, workspace, 'tsconfig.tsbuildinfo'), { force: true });
  }
}

function ensureCompiler() {
  if (onPath('g++') || onPath('c++')) return;
  const why = aptInstall(['g++']);
  if (why) giveUp(`a C++ compiler is needed for the native addon and none was found: ${why}`);
}

/** Two commands started at once must not both install: the second waits for the first. */
function lock() {
  const path = join(root, '.mien', 'setup.lock');
  mkdirSync(dirname(path), { recursive: true });
  for (let waited = 0; ; waited += 200) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch {
      let owner = 0;
      try {
        owner = Number(readFileSync(path, 'utf8'));
        if (owner > 0) process.kill(owner, 0);
        else if (Date.now() - statSync(path).mtimeMs > 2000) rmSync(path, { force: true });
      } catch (error) {
        if (error.code === 'ESRCH') rmSync(path, { force: true });
      }
      if (waited === 2000) say(`mien set-up: waiting for another set-up (process ${owner})`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
}

/** Brings the checkout up to date and returns the path of the Node that runs it. Fast when nothing changed. */
export function ensureSetup() {
  const node = ensureNode(root);
  const stale = () => steps.filter((step) => !isFresh(root, step.name, hashInputs(root, step.inputs, [platform]), step.outputs));
  if (stale().length === 0) return node;
  const unlock = lock();
  const onExit = () => unlock();
  process.once('exit', onExit);
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  try {
    for (const step of steps) {
      const hash = hashInputs(root, step.inputs, [platform]);
      if (isFresh(root, step.name, hash, step.outputs)) continue;
      step.before?.();
      say(`mien set-up: ${step.says}`);
      for (const [program, ...args] of step.run) {
        // stdout of a step goes to stderr as well: stdout is the program's own
        const done = spawnSync(program === 'node' ? node : program, args, { cwd: root, env, stdio: ['ignore', 2, 2] });
        if (done.status !== 0) giveUp(`this command failed (see above): ${[program, ...args].join(' ')}`);
      }
      writeStamp(root, step.name, hash);
    }
  } finally {
    process.removeListener('exit', onExit);
    unlock();
  }
  return node;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  ensureSetup();
  say('mien set-up: done');
}
