// Every instruction set this processor has must give the reference's pixels and measures, not only the one that is chosen.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kernelInfo } from '../../native/src/index.ts';

const test = suite('dispatch');

function runUnder(dispatch: string, file: string) {
  return spawnSync(process.execPath, [fileURLToPath(new URL(file, import.meta.url))], {
    env: { ...process.env, MIEN_NATIVE_DISPATCH: dispatch },
    encoding: 'utf8',
  });
}

const sets = { avx2: ['baseline'], baseline: [], neon: [] }[kernelInfo.dispatch];
for (const set of sets) {
  for (const file of ['./warp.test.ts', './measure.test.ts']) {
    test(`${file} holds under ${set}`, () => {
      const result = runUnder(set, file);
      assert.is(result.status, 0, result.stdout + result.stderr);
    });
  }
}

test('a set that the processor or the build lacks is refused by name', () => {
  const result = runUnder('vax', './measure.test.ts');
  assert.is.not(result.status, 0);
  assert.match(result.stderr, /no kernels named 'vax'/);
});

test('the chosen set is one of the platform', () => {
  assert.is(kernelInfo.platform, `${process.platform}-${process.arch}`);
  assert.ok((process.arch === 'x64' ? ['avx2', 'baseline'] : ['neon']).includes(kernelInfo.dispatch));
});

test.run();
