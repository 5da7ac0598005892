// `npm test [part ...]`: sets up, runs each part, counts what uvu and pytest report, and ends with "N passed, N failed".
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { ensureTestNode } from './lib/node.mjs';
import { aptInstall, onPath } from './lib/programs.mjs';
import { say } from './lib/say.mjs';
import { ensureSetup, root } from './setup.mjs';

/** Debian keeps these by architecture. */
function hasTypelib(name) {
  const lib = '/usr/lib';
  return existsSync(lib) && readdirSync(lib).some((folder) => existsSync(join(lib, folder, 'girepository-1.0', `${name}.typelib`)));
}

/** What the tests of a part need beside npm packages: a program that shows it is there, and the packages that bring it. */
const cameras = {
  there: () => onPath('ffmpeg') && hasTypelib('GstRtspServer-1.0'),
  packages: ['ffmpeg', 'python3-gi', 'gir1.2-gst-rtsp-server-1.0', 'gstreamer1.0-plugins-base', 'gstreamer1.0-plugins-good'],
};
const browser = { there: () => onPath('chromium'), packages: ['chromium'] };

const emulator = { there: () => process.arch !== 'x64' || onPath('qemu-x86_64-static'), packages: ['qemu-user-static'] };

const fuzzer = { there: () => onPath('clang++'), packages: ['clang', 'libclang-rt-dev'] };

/** The vendor's arm64 runtime of the NPU, run here (test/native/standin). */
const arm64 = {
  there: () =>
    process.arch !== 'x64' ||
    (['qemu-aarch64-static', 'aarch64-linux-gnu-g++', 'pip3'].every(onPath) && existsSync('/usr/aarch64-linux-gnu/lib/libstdc++.so.6')),
  packages: ['qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross', 'g++-aarch64-linux-gnu', 'python3-pip'],
};

/** Counterparts of the plugins that come with Mien: a broker, a serial line, a voice, and what listens to it. */
const counterparts = {
  there: () =>
    ['mosquitto', 'mosquitto_sub', 'socat', 'sox', 'espeak-ng', 'jq', 'openssl', 'curl', 'ffmpeg'].every(onPath) &&
    existsSync('/usr/lib/python3/dist-packages/jinja2'),
  packages: ['mosquitto', 'mosquitto-clients', 'socat', 'sox', 'espeak-ng', 'jq', 'openssl', 'curl', 'ffmpeg', 'python3-jinja2'],
};

/** The parts in the order of `npm test`. `files` are run by uvu, one process each, `jobs` at a time. */
const parts = {
  lint: { says: 'lint, import walls and types', run: lint },
  unit: { says: 'unit and property tests', files: ['test/core', 'test/scripts'], jobs: 2, needs: [cameras] },
  native: { says: 'native kernels and the NPU', files: ['test/native'], jobs: 2, needs: [fuzzer, arm64] },
  contract: { says: 'contract suites', files: ['test/contract'], jobs: 2, needs: [cameras] },
  model: { says: 'the model and its tools (Python)', run: python },
  plugins: { says: 'plugins: isolation, faults, commands', files: ['test/plugins'], jobs: 2, needs: [counterparts, browser] },
  'node-red': { says: 'Node-RED nodes, in a real Node-RED', files: ['test/node-red'], jobs: 2, needs: [browser] },
  e2e: { says: 'processes, API, command line', files: ['test/e2e'], jobs: 1, needs: [cameras, browser, emulator] },
  package: { says: 'the packed packages in an empty folder', files: ['test/package'], jobs: 1 },
};

const counts = { passed: 0, failed: 0 };
const broken = [];
let node = process.execPath;

function* testFiles(path) {
  if (!existsSync(path)) return;
  for (const name of readdirSync(path).sort()) {
    const full = join(path, name);
    if (statSync(full).isDirectory()) yield* testFiles(full);
    else if (name.endsWith('.test.ts')) yield full;
  }
}

function count(passed, failed, where) {
  counts.passed += passed;
  counts.failed += failed;
  if (failed > 0) broken.push(where);
}

/** Runs a program; its output is shown when it is over, so that parallel ones do not mix. */
function capture(program, args, timeoutMs) {
  return new Promise((resolve) => {
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}`, FORCE_COLOR: '0' };
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    const timer = setTimeout(() => {
      output += `\nstopped after ${timeoutMs / 1000} s\n`;
      process.kill(-child.pid, 'SIGKILL');
    }, timeoutMs);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ status: 1, output: error.message }));
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status: status ?? 1, output });
    });
  });
}

const fileTimeoutMs = process.env.MIEN_SOAK ? 3_600_000 : 600_000;

async function runFile(file) {
  const started = performance.now();
  const { status, output } = await capture(node, [file], fileTimeoutMs);
  const sum = (word) => [...output.matchAll(new RegExp(`^\\s+${word}:\\s+(\\d+)`, 'gm'))].reduce((all, match) => all + Number(match[1]), 0);
  const [total, passed, skipped] = [sum('Total'), sum('Passed'), sum('Skipped')];
  // A file that lacks a program says so and runs nothing; one that runs nothing and says nothing is broken.
  const nothing = total === 0 && !/^skipped:/im.test(output);
  const failed = Math.max(total - passed - skipped, status === 0 && !nothing ? 0 : 1);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const name = relative(root, file);
  count(passed, failed, name);
  console.log(
    `${failed ? 'FAIL' : '  ok'} ${name}: ${passed} passed${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''} (${seconds} s)`,
  );
  if (failed) console.log(output);
  else for (const line of output.split('\n')) if (/skipped:|^\s*skip\b|SKIP/.test(line)) console.log(`       ${line.trim()}`);
}

async function runFiles(files, jobs) {
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) await runFile(file);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

async function lint() {
  const checks = [
    ['biome', [join('node_modules', '@biomejs', 'biome', 'bin', 'biome'), 'ci', '.']],
    ['types of the tests', [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'test']],
    ['types of the Node-RED nodes', [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'node-red-nodes']],
    ['types of their dialogs', [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', join('node-red-nodes', 'editor')]],
    ['types of the console page', [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', join('core', 'src', 'console', 'page')]],
    ['types of the screen page', [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', join('plugins', 'kiosk-screen', 'page')]],
  ];
  for (const [name, args] of checks) {
    const { status, output } = await capture(node, args, 300_000);
    count(status === 0 ? 1 : 0, status === 0 ? 0 : 1, name);
    console.log(`${status === 0 ? '  ok' : 'FAIL'} ${name}${status === 0 ? '' : `\n${output}`}`);
  }
}

/** The light tests always; those that need PyTorch where its environment is there, which only `npm run test:model` makes. */
async function python() {
  const { ensurePython, readyPython } = await import('./lib/python.mjs');
  const environment = ensurePython(root);
  if ('why' in environment) console.log(`SKIPPED model/tests: ${environment.why}`);
  else {
    await runPython('ruff', environment.python, ['-m', 'ruff', 'check', 'model']);
    await runPython('pytest', environment.python, ['-m', 'pytest', '-q', '-rs', 'model/tests', '--ignore=model/tests/torch']);
  }
  const torch = asked.includes('model')
    ? ensurePython(root, 'train')
    : { python: readyPython(root, 'train'), why: 'no PyTorch: `npm run test:model` makes model/.venv-train' };
  if (torch.python) await runPython('pytest with PyTorch', torch.python, ['-m', 'pytest', '-q', '-rs', 'model/tests/torch']);
  else console.log(`SKIPPED model/tests/torch: ${torch.why}`);
}

async function runPython(name, program, args) {
  const { status, output } = await capture(program, args, fileTimeoutMs);
  const number = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(output)?.[1] ?? 0);
  const passed = name === 'ruff' ? Number(status === 0) : number('passed');
  const failed = Math.max(name === 'ruff' ? 0 : number('failed') + number('error'), status === 0 ? 0 : 1);
  count(passed, failed, name);
  console.log(`${failed ? 'FAIL' : '  ok'} ${name}: ${passed} passed, ${failed} failed${failed ? `\n${output}` : ''}`);
  for (const line of output.split('\n')) if (line.startsWith('SKIPPED')) console.log(`       ${line}`);
}

function ensurePrograms(needs = []) {
  for (const { there, packages } of needs) {
    if (there()) continue;
    const why = aptInstall(packages);
    if (why) say(`mien tests: ${packages[0]} is missing, tests that need it say so and are skipped: ${why}`);
  }
}

const asked = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const unknown = asked.filter((word) => !(word in parts) && !existsSync(word));
if (unknown.length > 0) {
  say(`no such part: ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}, or name a test file`);
  process.exit(2);
}
ensureSetup();
node = ensureTestNode(root);
const files = asked.filter((word) => !(word in parts)).map((file) => resolve(file));
const names = asked.length > 0 ? asked.filter((word) => word in parts) : Object.keys(parts);
const started = performance.now();
if (files.length > 0) await runFiles(files, 1);
for (const name of names) {
  const part = parts[name];
  const begun = performance.now();
  console.log(`\n== ${name}: ${part.says}`);
  ensurePrograms(part.needs);
  if (part.run) await part.run();
  else
    await runFiles(
      part.files.flatMap((path) => [...testFiles(join(root, path))]),
      part.jobs,
    );
  console.log(`== ${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}
console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s in all${broken.length ? `; failed: ${broken.join(', ')}` : ''}`);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
