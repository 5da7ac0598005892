import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienError } from '../../core/src/errors.ts';
import { checkConfig, loadConfig } from '../../core/src/load-config.ts';
import { rejectsWith } from '../support/errors.ts';
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
  ['a plugin whose name is none', 'plugins: { Greeter: {} }\n', /plugins\.Greeter: expected a name of the form \^\[a-z\]/],
  ['a setting of a plugin that is mistyped', 'plugins: { a: { grants: [] } }\n', /plugins\.a\.grants: unknown key\. Did you mean "grant"\?/],
  ['a grant that is mistyped', 'plugins: { a: { grant: [person.agee] } }\n', /plugins\.a\.grant\[0\]: .*"person\.presence", .* Did you mean "person\.age"\?/],
  ['plugins as a list', 'plugins: [a]\n', /plugins: must be object, got an array of 1/],
  ['a number beyond all', 'presence: { graceMs: 1e400 }\n', /graceMs: must be number/],
] as const) {
  config(`${what} is refused by name`, async () => {
    const text = await fault(yaml);
    assert.match(text, /^CONFIG_INVALID/);
    assert.match(text, says);
  });
}

config('plugins get their defaults, also one of which nothing is said', () => {
  const { plugins } = checkConfig({ plugins: { a: null, b: { enabled: false } } });
  assert.is(plugins['a']?.enabled, true);
  assert.equal(plugins['a']?.allow.read, []);
  assert.is(plugins['b']?.enabled, false);
  assert.is(plugins['b']?.heapMb, 96);
});

config('the layout of a network on the NPU is a word or an object, and the deadline stays under the watchdog of sight', async () => {
  assert.equal(checkConfig({}).npu, { deadlineMs: 2000, layouts: {} });
  const layouts = { faces: { affinity: { pinned: [0, 2] }, priority: 'analytics' }, detector: { affinity: { fused: [0, 1, 2] }, deadlineMs: 50 } };
  assert.equal(checkConfig({ npu: { layouts } }).npu.layouts, layouts);
  for (const affinity of [{ fused: [0, 2] }, { fused: [0] }, { pinned: [] }, { pinned: [3] }, { pinned: [1, 1] }, { pinned: [0], fused: [0, 1] }, 'fused']) {
    const { message } = await rejectsWith('CONFIG_INVALID', () => checkConfig({ npu: { layouts: { faces: { affinity } } } }));
    assert.match(message, 'npu.layouts.faces.affinity');
  }
  const { message } = await rejectsWith('CONFIG_INVALID', () => checkConfig({ model: { backend: 'auto' }, npu: { deadlineMs: 5000 } }));
  assert.match(message, 'npu.deadlineMs: expected less than sight.timeoutMs (5000)');
  assert.is(checkConfig({ sight: { timeoutMs: 500 } }).npu.deadlineMs, 2000);
});

config('relative paths mean the folder of their file', async () => {
  const path = join(folder.path, 'mien.yaml');
  writeFileSync(
    path,
    `version: 2
stateFolder: ./state
pluginFolder: plugins
modules: [./board.mjs, lib/plain.mjs]
model: { release: ./release, detectorRelease: elsewhere }
log: { file: ../mien.log }
cameras: [{ name: a, source: ./lobby.mp4 }, { name: b, source: lobby.mp4 }, { name: c, source: clip }]
npu: { library: lib/librknnrt.so }
plugins:
  one: { from: ./one.ts, allow: { read: [data, /srv/all], write: [../out] } }
  two: { from: '@acme/two' }
  three: { from: /opt/three }
`,
  );
  const { stateFolder, pluginFolder, modules, model, log, cameras, npu, plugins } = await loadConfig(path);
  assert.is(npu.library, join(folder.path, 'lib/librknnrt.so'));
  assert.is(stateFolder, join(folder.path, 'state'));
  assert.is(pluginFolder, join(folder.path, 'plugins'));
  assert.equal(modules, [join(folder.path, 'board.mjs'), 'lib/plain.mjs'], 'without a dot they mean the working folder, as before');
  assert.is(model.release, join(folder.path, 'release'));
  assert.is(model.detectorRelease, 'elsewhere');
  assert.is(log.file, join(folder.path, '../mien.log'));
  assert.equal(
    cameras.map(({ source }) => source),
    [join(folder.path, 'lobby.mp4'), 'lobby.mp4', 'clip'],
  );
  assert.is(plugins['one']?.from, join(folder.path, 'one.ts'));
  assert.equal(plugins['one']?.allow.read, [join(folder.path, 'data'), '/srv/all']);
  assert.equal(plugins['one']?.allow.write, [join(folder.path, '../out')]);
  assert.is(plugins['two']?.from, '@acme/two');
  assert.is(plugins['three']?.from, '/opt/three');
});

config('relative paths from a program mean the working folder', () => {
  const { stateFolder, plugins } = checkConfig({ stateFolder: 'state', plugins: { a: { from: './a.ts' }, b: { from: 'b' } } });
  assert.is(stateFolder, join(process.cwd(), 'state'));
  assert.is(plugins['a']?.from, join(process.cwd(), 'a.ts'));
  assert.is(plugins['b']?.from, 'b');
});

config.run();
