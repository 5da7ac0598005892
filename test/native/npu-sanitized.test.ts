// The NPU's suites again, in an addon and a simulated runtime that were built with the address and with the thread sanitizer.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('npu: sanitized');
const root = fileURLToPath(new URL('../..', import.meta.url));
const suites = ['npu-open', 'npu-run', 'npu-lifecycle', 'npu-simulated'];
const folder = mkdtempSync(join(tmpdir(), 'mien-sanitized-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** The sanitizer's library, or undefined where the compiler has none. */
function libraryOf(name: string): string | undefined {
  const found = spawnSync(process.env.CXX ?? 'g++', [`-print-file-name=${name}`], { encoding: 'utf8' });
  const path = found.stdout?.trim();
  return found.status === 0 && isAbsolute(path) ? path : undefined;
}

function run(args: string[], env: Record<string, string>): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });
}

/** Newest change of what the build reads. */
function changedAt(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(...readdirSync(path).map((name) => changedAt(join(path, name))));
}

async function build(sanitizer: string): Promise<string> {
  const addon = join(root, 'native/.cache', `${process.platform}-${process.arch}-${sanitizer}`, 'mien.node');
  const sources = ['native/src/addon', 'native/sim', 'scripts/build-native.mjs'].map((path) => changedAt(join(root, path)));
  if (!existsSync(addon) || statSync(addon).mtimeMs < Math.max(...sources)) {
    const { status, output } = await run([join(root, 'scripts/build-native.mjs'), '--sanitize', sanitizer], {});
    assert.is(status, 0, output);
  }
  return addon;
}

for (const [sanitizer, libraries] of [
  ['address', ['libasan.so', 'libubsan.so']],
  ['thread', ['libtsan.so']],
] as const) {
  test(`the ${sanitizer} sanitizer finds nothing`, async () => {
    const preload = libraries.map(libraryOf);
    if (preload.includes(undefined)) {
      console.log(`SKIPPED: the compiler has no ${libraries.join(' and ')}`);
      return;
    }
    const addon = await build(sanitizer);
    for (const name of suites) {
      const log = join(folder, `${sanitizer}-${name}`);
      const { status, output } = await run([join(root, 'test/native', `${name}.test.ts`)], {
        LD_PRELOAD: preload.join(' '),
        MIEN_NATIVE_PATH: addon,
        MIEN_SANITIZED: sanitizer,
        // Leaks of Node itself are none of ours; the stub counts what the addon must give back.
        ASAN_OPTIONS: `detect_leaks=0:log_path=${log}`,
        UBSAN_OPTIONS: `print_stacktrace=1:log_path=${log}`,
        // Node was built without it: what it does to its own memory looks like races. Reports are kept if our code has a part in them.
        TSAN_OPTIONS: `exitcode=0:ignore_noninstrumented_modules=1:log_path=${log}`,
      });
      const reports = readdirSync(folder)
        .filter((file) => file.startsWith(`${sanitizer}-${name}`))
        .flatMap((file) => readFileSync(join(folder, file), 'utf8').split(/^={18}$/m))
        .filter((report) => /mien\.node|libmien-npu|stub-|addon\/npu/.test(report));
      assert.is(reports.join('\n'), '', name);
      assert.is(status, 0, output);
      assert.match(output, /Passed: +[1-9]/, 'the suite ran');
    }
  });
}

test('the thread sanitizer sees what our code does: a race on purpose in a library of the same build is reported', async () => {
  const preload = libraryOf('libtsan.so');
  if (preload === undefined) {
    console.log('SKIPPED: the compiler has no libtsan.so');
    return;
  }
  const racy = join(folder, 'libmien-npu-racy.so');
  const source = fileURLToPath(new URL('support/racy.cc', import.meta.url));
  const built = spawnSync(process.env.CXX ?? 'g++', ['-std=c++20', '-g', '-O1', '-fPIC', '-shared', '-fsanitize=thread', source, '-o', racy], {
    encoding: 'utf8',
  });
  assert.is(built.status, 0, built.stderr);
  const log = join(folder, 'racy');
  const script = `import { openNpu } from './native/src/npu.ts'; openNpu({ library: ${JSON.stringify(racy)}, simulate: {} });`;
  await run(['--input-type=module-typescript', '-e', script], {
    LD_PRELOAD: preload,
    MIEN_NATIVE_PATH: await build('thread'),
    TSAN_OPTIONS: `exitcode=0:ignore_noninstrumented_modules=1:log_path=${log}`,
  });
  const reports = readdirSync(folder)
    .filter((file) => file.startsWith('racy'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  assert.match(reports.join('\n'), /data race[\s\S]*libmien-npu-racy/);
});

test.run();
