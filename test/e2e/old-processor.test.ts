import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findProgram, skip } from '../support/programs.ts';

const processor = suite('older x86-64 processors, emulated by qemu');
const emulator = findProgram(['qemu-x86_64-static', 'qemu-x86_64'], ['--version']);
if (!emulator || process.arch !== 'x64') skip('INT8 on older processors', 'qemu-user-static');

const program = fileURLToPath(new URL('../../core/dist/cli.js', import.meta.url));

// Haswell has AVX2 without VNNI, as most laptops from 2013 to 2020; SandyBridge has neither.
for (const model of ['Haswell', 'SandyBridge']) {
  processor(`the release gives its known answers on ${model}`, () => {
    const done = spawnSync(emulator, ['-cpu', model, process.execPath, program, 'model', 'verify', '--json'], { encoding: 'utf8', timeout: 240_000 });
    const results = JSON.parse(done.stdout) as Array<{ network: string; precision: string; passed: boolean; detail: string }>;
    assert.is(results.length, 4);
    for (const { network, precision, passed, detail } of results) assert.ok(passed, `${network} ${precision}: ${detail}`);
  });
}

processor.run();
