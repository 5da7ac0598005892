// `npm run bench:peers`: Mien beside @vladmandic/human and @vladmandic/face-api, on the same pictures of the same machine, each in a
// process of its own. Nothing is written into the project but the file that --out names.
//   --out <file.json>  every figure as JSON     --peers <folder>  where they are installed already, instead of installing them anew
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { say } from './lib/say.mjs';
import { ensureSetup, root } from './setup.mjs';

const node = ensureSetup();
if (node !== process.execPath) {
  const { status } = spawnSync(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const { values } = parseArgs({ options: { out: { type: 'string' }, peers: { type: 'string' } } });
const { hasFaces, writeFaces } = await import('./bench-peers/faces.ts');
const { serveModels } = await import('./bench-peers/models-server.mjs');
const { bestOf, summarise, table } = await import('./bench-peers/summary.ts');

/** Frames in a row that show two whole faces. */
const frameCount = 40;
const rounds = 3;
const scripts = { human: 'human', faceApi: 'face-api', mien: 'mien' };
const packages = ['@vladmandic/human@3.3.6', '@vladmandic/face-api@1.7.15', '@tensorflow/tfjs@4.22.0', '@tensorflow/tfjs-backend-wasm@4.22.0'];

function install(folder) {
  say('bench:peers: installing Human and face-api into a temporary folder');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error', ...packages];
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` };
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2], env });
  if (status !== 0) throw new Error('npm could not install the peers (see above)');
  return folder;
}

/** The clip's frames as files, and the boxes of their faces. */
async function writeFrames(folder) {
  const { splitMjpeg } = await import('../core/dist/camera/mjpeg.js');
  const bytes = readFileSync(join(root, 'core/clip/clip.mjpeg'));
  const { ledger } = JSON.parse(readFileSync(join(root, 'core/clip/clip.json'), 'utf8'));
  const spans = splitMjpeg(bytes);
  const shown = [...ledger.keys()].filter((i) => ledger[i].length === 2 && ledger[i].every(({ visible }) => visible > 0.95)).slice(0, frameCount);
  const frames = shown.map((i) => {
    const path = join(folder, `frame-${i}.jpg`);
    writeFileSync(path, bytes.subarray(spans[i].offset, spans[i].offset + spans[i].length));
    return path;
  });
  const crops = shown.flatMap((i, at) => ledger[i].map(({ box }) => ({ path: frames[at], box })));
  return { frames, crops };
}

/** Not synchronously: the models are served from this process meanwhile. */
async function runPeer(name, jobFile) {
  const script = fileURLToPath(new URL(`bench-peers/${name}.mjs`, import.meta.url));
  const child = spawn(node, ['--no-warnings', script, jobFile], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(`${name} could not be measured (see above)`);
  // A peer may greet on stdout before it reports.
  return JSON.parse(out.trim().split('\n').at(-1));
}

const folder = mkdtempSync(join(tmpdir(), 'mien-peers-'));
// However it ends: the peers take some hundred MB.
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
let server;
try {
  const peers = values.peers ? resolve(values.peers) : install(join(folder, 'peers'));
  if (!hasFaces) say('bench:peers: there is no ../shared/faces, so only speed is measured, no accuracy');
  const faces = hasFaces ? writeFaces(folder) : [];
  server = await serveModels(peers);
  const pictures = await writeFrames(folder);
  const results = {};
  // In turns, so that whatever else the machine does falls on all; the faces come with the last turn.
  for (let round = 1; round <= rounds; round += 1) {
    say(`bench:peers: round ${round} of ${rounds}`);
    const jobFile = join(folder, 'job.json');
    const asked = round === rounds ? faces.map(({ path }) => ({ path })) : [];
    writeFileSync(jobFile, JSON.stringify({ peers, models: server.url, ...pictures, faces: asked }));
    for (const [key, name] of Object.entries(scripts)) results[key] = bestOf(results[key], await runPeer(name, jobFile));
  }
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim() };
  const summary = { machine, packages, ...summarise(results, faces) };
  process.stdout.write(`${table(summary)}\n`);
  if (values.out) writeFileSync(values.out, `${JSON.stringify(summary, null, 2)}\n`);
} finally {
  server?.close();
}
