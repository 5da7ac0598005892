// Builds the native addon with plain g++, for this host or with `--target <platform>-<arch>`, into native/prebuilds/<target>/mien.node.
// `--sanitize` builds a checked variant into native/prebuilds/<target>-sanitized/ for the fuzz run described in native/README.md.
import { spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
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

async function build(target, sanitize) {
  const recipe = TARGETS[target];
  if (!recipe) throw new BuildFault(`There is no recipe for ${target}; known: ${Object.keys(TARGETS).join(', ')}.`);
  const compiler = await findCompiler(target, target);
  const includes = [require('node-api-headers').include_dir, resolve(dirname(require.resolve('node-addon-api')))].map((path) => `-I${path}`);
  const common = [
    '-std=c++17',
    '-fPIC',
    '-fvisibility=hidden',
    '-Wall',
    '-Wextra',
    '-Wno-missing-field-initializers',
    '-fno-math-errno',
    '-fno-trapping-math',
    '-DNAPI_VERSION=9',
    '-DNAPI_CPP_EXCEPTIONS',
    '-DNODE_GYP_MODULE_NAME=mien',
    ...(sanitize ? ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'] : ['-O3']),
  ];
  const folder = join(native, 'prebuilds', sanitize ? `${target}-sanitized` : target);
  // Its own folder per process: two builds at once do not write into each other's objects.
  const objects = join(folder, `objects-${process.pid}`);
  mkdirSync(objects, { recursive: true });
  try {
    const source = (file) => join(native, 'src/addon', file);
    const units = [
      ...['addon', 'arguments', 'kernels', 'notify', 'scratch'].map((file) => ({
        source: source(`${file}.cc`),
        object: join(objects, `${file}.o`),
        flags: ['-ffp-contract=off', ...includes],
      })),
      ...recipe.sets.map(({ isa, table, flags }) => ({
        source: source('isa.cc'),
        object: join(objects, `isa-${isa}.o`),
        flags: ['-fno-exceptions', ...KERNEL_FLAGS, `-DMIEN_ISA=${isa}`, `-DMIEN_TABLE=${table}`, ...flags],
      })),
    ];
    await inParallel(units.map((unit) => () => run(compiler, [...common, ...unit.flags, '-c', unit.source, '-o', unit.object])));
    const linked = join(objects, 'mien.node');
    // The C++ library is linked in, so that a prebuilt addon runs beside any other version of it.
    const link = sanitize ? ['-fsanitize=address,undefined'] : ['-s', '-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL'];
    await run(compiler, ['-shared', '-o', linked, ...units.map((unit) => unit.object), ...link]);
    const output = join(folder, 'mien.node');
    renameSync(linked, output);
    return output;
  } finally {
    rmSync(objects, { recursive: true, force: true });
  }
}

try {
  const { values } = parseArgs({ options: { target: { type: 'string' }, sanitize: { type: 'boolean', default: false } } });
  const started = performance.now();
  const output = await build(values.target ?? `${process.platform}-${process.arch}`, values.sanitize);
  process.stderr.write(`Built ${output} in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
} catch (error) {
  process.stderr.write(`${error instanceof BuildFault || error.code?.startsWith('ERR_PARSE_ARGS') ? error.message : (error.stack ?? error)}\n`);
  process.exitCode = 1;
}
