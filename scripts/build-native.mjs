// Builds the native addon and the simulated NPU runtime with plain g++ into native/prebuilds/<target>/: for this host, with
// `--target <platform>-<arch>` for another, with `--all` for every target whose compiler is there.
// `--sanitize address` or `--sanitize thread` builds checked variants into native/.cache/<target>-<sanitizer>/, which no package holds (see
// native/README.md).
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const native = fileURLToPath(new URL('../native/', import.meta.url));
const require = createRequire(join(native, 'package.json'));

/** Per target: compiler on a host of the same kind, cross compiler elsewhere, and the instruction sets the kernels are built for. */
const TARGETS = {
  'linux-x64': {
    cross: 'x86_64-linux-gnu-g++',
    crossPackage: 'g++-x86-64-linux-gnu',
    sets: [
      { isa: 'baseline', table: 'kBaselineKernels', flags: [] },
      { isa: 'avx2', table: 'kAvx2Kernels', flags: ['-mavx2', '-mfma'] },
    ],
  },
  'linux-arm64': { cross: 'aarch64-linux-gnu-g++', crossPackage: 'g++-aarch64-linux-gnu', sets: [{ isa: 'neon', table: 'kBaselineKernels', flags: [] }] },
};

/** The kernels meet finite numbers only (the argument checks see to it) and are exact to well under a level: fused and reordered minima are welcome. */
const KERNEL_FLAGS = ['-ffp-contract=fast', '-ffinite-math-only', '-fno-signed-zeros'];

/** What each `--sanitize` means; undefined behaviour ends the process too. */
const SANITIZERS = { address: ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'], thread: ['-fsanitize=thread'] };

/** A mistake or a lack that the caller can mend: printed as a sentence, without a stack. */
class BuildFault extends Error {}

function run(command, args) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? done(said) : fail(new BuildFault(`${command} failed with code ${code}:\n${said}`))));
  });
}

async function findCompiler(name, target) {
  const own = target === `${process.platform}-${process.arch}`;
  const compiler = own ? (process.env.CXX ?? 'g++') : TARGETS[name].cross;
  const found = await run(compiler, ['--version']).then(
    () => true,
    (error) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  if (!found) {
    const wanted = own ? 'g++' : TARGETS[name].crossPackage;
    throw new BuildFault(`The C++ compiler ${compiler} is missing. Install it (Debian, Ubuntu: apt-get install ${wanted}) and run this again.`);
  }
  return compiler;
}

/** Runs `jobs` (functions that return promises), at most one per processor at a time. */
async function inParallel(jobs) {
  const queue = [...jobs];
  const worker = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) await job();
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, worker));
}

/** The C++ sources of a folder, without their ending. */
const sourcesOf = (folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.cc'))
    .map((name) => name.slice(0, -3))
    .sort();

/** Compiles and links one shared library from `units` ({ source, flags }) into `output`, by way of `objects`. */
async function buildShared(compiler, units, flags, link, objects, output) {
  mkdirSync(objects, { recursive: true });
  const compiled = units.map((unit, i) => ({ ...unit, object: join(objects, `${i}.o`) }));
  await inParallel(compiled.map((unit) => () => run(compiler, [...flags, ...unit.flags, '-c', unit.source, '-o', unit.object])));
  const linked = join(objects, 'linked');
  await run(compiler, ['-shared', '-o', linked, ...compiled.map((unit) => unit.object), ...link]);
  renameSync(linked, output);
}

async function build(target, sanitizer) {
  const recipe = TARGETS[target];
  if (!recipe) throw new BuildFault(`There is no recipe for ${target}; known: ${Object.keys(TARGETS).join(', ')}.`);
  const compiler = await findCompiler(target, target);
  const includes = [require('node-api-headers').include_dir, resolve(dirname(require.resolve('node-addon-api')))].map((path) => `-I${path}`);
  const common = ['-std=c++20', '-fPIC', '-fvisibility=hidden', '-Wall', '-Wextra', '-Wno-missing-field-initializers'];
  common.push(...(sanitizer ? ['-O1', '-g', '-fno-omit-frame-pointer', ...SANITIZERS[sanitizer]] : ['-O3']));
  const flags = [...common, '-fno-math-errno', '-fno-trapping-math', '-DNAPI_VERSION=9', '-DNAPI_CPP_EXCEPTIONS', '-DNODE_GYP_MODULE_NAME=mien'];
  // While a worker is terminated nothing can be thrown in it any more: that is no reason to end the process.
  flags.push('-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS');
  // The C++ library is the system's, which Node needs too: linked in, Debian 12's would want glibc 2.36, which Ubuntu 22.04 has not. Threads of the
  // addon may outlive the environment that loaded it (a run that hangs), so it is never unloaded. Its own copies of templates are used, not those
  // that Node exports.
  const link = ['-Wl,-z,nodelete', '-Wl,-Bsymbolic', ...(sanitizer ? SANITIZERS[sanitizer] : ['-s'])];
  const folder = sanitizer ? join(native, '.cache', `${target}-${sanitizer}`) : join(native, 'prebuilds', target);
  // Its own folder per process: two builds at once do not write into each other's objects. One that is killed leaves nothing in a package.
  const objects = join(native, '.cache', `objects-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const outputs = [join(folder, 'mien.node'), join(folder, 'libmien-npu-simulated.so')];
  const source = (file) => join(native, 'src/addon', `${file}.cc`);
  const npu = sourcesOf(join(native, 'src/addon/npu')).map((file) => `npu/${file}`);
  try {
    const addon = [
      ...['addon', 'arguments', 'kernels', 'notify', 'scratch', ...npu].map((file) => ({ source: source(file), flags: ['-ffp-contract=off', ...includes] })),
      ...recipe.sets.map(({ isa, table, flags }) => ({
        source: source('isa'),
        flags: ['-fno-exceptions', ...KERNEL_FLAGS, `-DMIEN_ISA=${isa}`, `-DMIEN_TABLE=${table}`, ...flags],
      })),
    ];
    await buildShared(compiler, addon, flags, link, join(objects, 'addon'), outputs[0]);
    const simulation = join(native, 'sim');
    const simulated = sourcesOf(simulation).map((file) => ({ source: join(simulation, `${file}.cc`), flags: [`-I${join(native, 'src/addon/npu')}`] }));
    await buildShared(compiler, simulated, flags, link, join(objects, 'sim'), outputs[1]);
    return outputs;
  } finally {
    rmSync(objects, { recursive: true, force: true });
  }
}

/** Every target whose compiler is there; the host's own must be. */
async function targetsHere() {
  const own = `${process.platform}-${process.arch}`;
  const found = [own];
  for (const target of Object.keys(TARGETS)) {
    if (target === own) continue;
    const there = await findCompiler(target, target).then(
      () => true,
      (error) => {
        if (error instanceof BuildFault) return process.stderr.write(`Left out ${target}: ${error.message}\n`) && false;
        throw error;
      },
    );
    if (there) found.push(target);
  }
  return found;
}

try {
  const options = { target: { type: 'string' }, all: { type: 'boolean', default: false }, sanitize: { type: 'string' } };
  const { values } = parseArgs({ options });
  const { sanitize, target, all } = values;
  if (sanitize !== undefined && !(sanitize in SANITIZERS)) {
    throw new BuildFault(`--sanitize takes ${Object.keys(SANITIZERS).join(' or ')}, not '${sanitize}'.`);
  }
  if (all && target !== undefined) throw new BuildFault('--all builds every target: leave out --target.');
  for (const wanted of all ? await targetsHere() : [target ?? `${process.platform}-${process.arch}`]) {
    const started = performance.now();
    const outputs = await build(wanted, sanitize);
    process.stderr.write(`Built ${outputs.join(' and ')} in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
  }
} catch (error) {
  process.stderr.write(`${error instanceof BuildFault || error.code?.startsWith('ERR_PARSE_ARGS') ? error.message : (error.stack ?? error)}\n`);
  process.exitCode = 1;
}
