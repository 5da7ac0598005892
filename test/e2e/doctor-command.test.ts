import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Diagnosis } from '../../core/src/device/doctor.ts';
import { mien } from '../support/mien-command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('mien doctor');

/** Of a machine of any kind that runs the tests: any free port, the clip. */
function configured(folder: TemporaryFolder, more: string): string {
  const path = join(folder.path, 'mien.yaml');
  writeFileSync(path, `version: 2\napi: { port: 0 }\nstateFolder: ./state\n${more}`);
  return path;
}

test('on any machine: a table, and 0 where everything is there that the configuration needs', async () => {
  using folder = new TemporaryFolder();
  const { code, stdout, stderr } = await mien(['doctor', '--config', configured(folder, 'cameras: [{ source: clip }]\n')]);
  assert.is(code, 0, stdout + stderr);
  for (const line of [
    /^ok {4}board +\S/m,
    /^ok {4}node +\d+\./m,
    /^ok {4}addon +linux-/m,
    /^ok {4}config +.*mien\.yaml: 1 camera/m,
    /^ok {4}model\.cpu +.*whole$/m,
  ]) {
    assert.match(stdout, line);
  }
  assert.match(stdout, /Everything that this configuration needs is there\. \d+ ok/);
});

test('JSON: one object whose rows have a check, a state, what was found, and a fix where something is amiss', async () => {
  using folder = new TemporaryFolder();
  const { code, stdout, json } = await mien(['doctor', '--json', '--config', configured(folder, 'cameras: [{ source: ./gone.mp4 }]\n')]);
  assert.is(code, 1, stdout);
  const [diagnosis, ...more] = json<Diagnosis>();
  assert.is(more.length, 0);
  assert.equal(Object.keys(diagnosis ?? {}), ['doctor', 'board', 'chip', 'ok', 'rows']);
  assert.is(diagnosis?.doctor, 1);
  assert.is(diagnosis?.ok, false);
  for (const row of diagnosis?.rows ?? []) {
    const isAmiss = row.state === 'warn' || row.state === 'fail';
    assert.equal(Object.keys(row), isAmiss ? ['check', 'state', 'found', 'fix'] : ['check', 'state', 'found']);
  }
  const camera = diagnosis?.rows.find(({ check }) => check === 'camera.main');
  assert.is(camera?.state, 'fail');
});

test('a configuration with faults is a row; one that is not there ends it', async () => {
  using folder = new TemporaryFolder();
  const faulty = await mien(['doctor', '--config', configured(folder, 'cameras: [{ sauce: clip }]\n')]);
  assert.is(faulty.code, 1);
  assert.match(faulty.stdout, /^FAIL {2}config +.*mien\.yaml has \d+ fault/m);
  assert.match(faulty.stdout, /fix: correct it in .*mien\.yaml/);
  const gone = await mien(['doctor', '--config', join(folder.path, 'gone.yaml')]);
  assert.is(gone.code, 1);
  assert.match(gone.stderr, /cannot read the configuration/);
  assert.is(gone.stdout, '');
});

test.run();
