// libFuzzer over the argument checks of the kernels, the tensors' layouts and the run queue (native/fuzz): short here, long with MIEN_SOAK.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('npu: fuzz');
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mien-fuzz-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const addon = 'native/src/addon';
const seconds = process.env.MIEN_SOAK ? 1200 : 5;
const compiler = 'clang++';
const common = ['-std=c++20', '-g', '-O1', '-fno-omit-frame-pointer', '-pthread', '-Inode_modules/node-api-headers/include'];
const checks = ['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=undefined'];

function run(program: string, args: string[], cwd = root): Promise<{ status: number | null; output: string; missing: boolean }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ status: null, output: error.message, missing: true }));
    child.on('close', (status) => resolve({ status, output, missing: false }));
  });
}

/** Why there is no fuzzer here, or undefined. */
async function lack(): Promise<string | undefined> {
  const tried = await run(compiler, ['-fsanitize=fuzzer', '-x', 'c++', '-', '-o', join(folder, 'tried')]);
  if (tried.missing) return 'clang++ is missing (Debian: apt-get install clang libclang-rt-dev)';
  // Nothing was given to compile: only a missing runtime is a lack, a missing main is not.
  return /libclang_rt\.fuzzer.*(no such file|not found|cannot find)|cannot find .*libclang_rt\.fuzzer/i.test(tried.output)
    ? 'the fuzzer of clang is missing (Debian: apt-get install libclang-rt-dev)'
    : undefined;
}
const why = await lack();

const sources = {
  tensors: [`${addon}/npu/tensors.cc`],
  'run-queue': readdirSync(join(root, addon, 'npu'))
    .filter((name) => /^(worker|network|tensors|capture|census|fault)\.cc$/.test(name))
    .map((name) => `${addon}/npu/${name}`),
  arguments: [...['arguments', 'kernels', 'scratch', 'isa'].map((name) => `${addon}/${name}.cc`), '-DMIEN_ISA=baseline', '-DMIEN_TABLE=kBaselineKernels'],
};

for (const [name, files] of Object.entries(sources)) {
  test(name, async () => {
    if (why !== undefined) {
      console.log(`SKIPPED: ${why}`);
      return;
    }
    const program = join(folder, name);
    const extra: string[] = [];
    if (name === 'arguments' && process.arch === 'x64') {
      const wide = join(folder, 'wide.o');
      const built = await run(compiler, [
        ...common,
        '-fsanitize=fuzzer-no-link,address',
        '-mavx2',
        '-mfma',
        '-DMIEN_ISA=avx2',
        '-DMIEN_TABLE=kAvx2Kernels',
        '-c',
        `${addon}/isa.cc`,
        '-o',
        wide,
      ]);
      assert.is(built.status, 0, built.output);
      extra.push(wide);
    }
    const built = await run(compiler, [...common, ...checks, ...files, `native/fuzz/${name}.cc`, ...extra, '-o', program]);
    assert.is(built.status, 0, built.output);
    const corpus = join(folder, `${name}-corpus`);
    mkdirSync(corpus);
    const { status, output } = await run(program, [corpus, `-max_total_time=${seconds}`, '-timeout=60', '-print_final_stats=1'], folder);
    assert.is(status, 0, output.slice(-6000));
    const runs = Number(/number_of_executed_units: (\d+)/.exec(output)?.[1]);
    assert.ok(runs > 0, output.slice(-2000));
    console.log(`${name}: ${runs} inputs`);
  });
}

test.run();
