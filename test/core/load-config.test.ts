import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienError } from '../../core/src/errors.ts';
import { loadConfig } from '../../core/src/load-config.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const config = suite('configuration file');
const folder = new TemporaryFolder();
config.after(() => folder[Symbol.dispose]());

async function fault(yaml: string): Promise<string> {
  const path = join(folder.path, 'mien.yaml');
  writeFileSync(path, yaml);
  return loadConfig(path).then(
    () => 'taken',
    ({ code, message }: MienError) => `${code}: ${message}`,
  );
}

config('a part without settings is its default, and merge keys are understood', async () => {
  assert.is(await fault('cameras:\n  # - source: /dev/video0\n'), 'taken');
  assert.is(await fault('cameras:\n  - &door { name: door, source: clip }\n  - { <<: *door, name: gate }\n'), 'taken');
});

config('an empty file is every default', async () => {
  assert.is(await fault(''), 'taken');
  assert.is(await fault('# nothing\n'), 'taken');
});

for (const [what, yaml, says] of [
  ['a list', '- a\n', /top level/],
  ['keys that are there twice', 'device: a\ndevice: b\n', /unique/],
  ['two documents', 'device: a\n---\ndevice: b\n', /not valid YAML/],
  ['an alias of nothing', 'cameras: *none\n', /not valid YAML: Unresolved alias/],
  [
    'aliases that grow without bound',
    `a: &a [x]\n${['b', 'c', 'd'].map((name, i) => `${name}: &${name} [${Array(10).fill(`*${'abc'[i]}`)}]\n`).join('')}`,
    /not valid YAML/,
  ],
  ['a width below nothing', 'distance: { faceWidthM: -3 }\n', /distance\.faceWidthM/],
  ['a probability over one', 'attributes: { genderP: 7 }\n', /attributes\.genderP/],
  ['no sample at all', 'attributes: { ageSamples: 0 }\n', /attributes\.ageSamples/],
  ['more hits than frames', 'presence: { appearHits: 9, appearWindow: 3 }\n', /presence\.appearHits: expected at most presence\.appearWindow \(3\), got 9/],
  ['a hysteresis upside down', 'attention: { on: 0.2, off: 0.9 }\n', /attention\.off: expected at most attention\.on/],
  ['zones that cross', 'distance: { nearLeaveM: 4 }\n', /distance\.nearLeaveM: expected at most distance\.midEnterM/],
  ['two cameras of one name', 'cameras: [{ name: a }, { name: a }]\n', /cameras\[1\]\.name: another camera is named "a"/],
  ['a unit', 'presence: { graceMs: 5s }\n', /graceMs: must be number/],
  ['a token that no header can carry', 'api: { token: "sixteen characters with spaces" }\n', /api\.token/],
  ['a number beyond all', 'presence: { graceMs: 1e400 }\n', /graceMs: must be number/],
] as const) {
  config(`${what} is refused by name`, async () => {
    const text = await fault(yaml);
    assert.match(text, /^CONFIG_INVALID/);
    assert.match(text, says);
  });
}

config.run();
