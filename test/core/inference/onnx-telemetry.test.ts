import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const test = suite('onnx telemetry');

/** Loads the bundled networks in a process with a home of its own; gives what is in there afterwards. */
function leftBehind(environment: Record<string, string>, code: string): string[] {
  using folder = new TemporaryFolder();
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    // CI variables suppress the library's telemetry too: they must not be what this test sees.
    env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, TMPDIR: folder.path, ...environment },
    cwd: new URL('../../../', import.meta.url),
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr);
  return readdirSync(folder.path, { recursive: true }).map(String);
}

const backend = new URL('../../../core/src/inference/backends.ts', import.meta.url).href;
const models = new URL('../../../core/src/inference/model-manager.ts', import.meta.url).href;
const throughMien = `
  const { chooseBackend } = await import(${JSON.stringify(backend)});
  const { createModelManager } = await import(${JSON.stringify(models)});
  const manager = createModelManager({ release: 'model/release', precision: 'int8', detector: 'blazeface-full' }, await chooseBackend('onnx'));
  await manager.start();
  await manager[Symbol.asyncDispose]();
`;

test('ONNX Runtime writes no device id, no log and no cache of events when Mien loads it', () => {
  assert.equal(leftBehind({}, throughMien), []);
});

test('even when the environment says otherwise', () => {
  assert.equal(leftBehind({ ORT_DISABLE_TELEMETRY: '0' }, throughMien), []);
});

test.run();
