import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CONFIG_VERSION } from '../../core/src/config.ts';
import { migrateConfig } from '../../core/src/config-migrations.ts';
import { loadConfig } from '../../core/src/load-config.ts';
import { rejectsWith } from '../support/errors.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const migrations = suite('migrations of the configuration');
const folder = new TemporaryFolder();
migrations.after(() => folder[Symbol.dispose]());

function written(text: string): string {
  const path = join(folder.path, 'mien.yaml');
  writeFileSync(path, text);
  return path;
}

migrations('a file of version 1 gives the same settings as the file of version 2, and is left as it was', async () => {
  const first = '# ours\ndevice: foyer\nsightTimeoutMs: 9000\nffmpeg: /opt/ffmpeg\ncameras: [{ name: door }]\n';
  const path = written(first);
  const migrated = await loadConfig(path);
  assert.is(readFileSync(path, 'utf8'), first);
  const present = await loadConfig(written('version: 2\ndevice: foyer\nsight: { timeoutMs: 9000, ffmpeg: /opt/ffmpeg }\ncameras: [{ name: door }]\n'));
  assert.equal(migrated, present);
  assert.is(migrated.sight.timeoutMs, 9000);
});

migrations('each old setting goes over by itself, and what the file says of `sight` already is kept', () => {
  assert.equal(migrateConfig({ ffmpeg: 'f' }, 'x'), { version: CONFIG_VERSION, sight: { ffmpeg: 'f' } });
  assert.equal(migrateConfig({ sightTimeoutMs: 700 }, 'x'), { version: CONFIG_VERSION, sight: { timeoutMs: 700 } });
  assert.equal(migrateConfig({ device: 'a' }, 'x'), { version: CONFIG_VERSION, device: 'a' });
});

migrations('what only the newer shape has is taken in a file that says no version', async () => {
  assert.is((await loadConfig(written('sight: { timeoutMs: 800 }\n'))).sight.timeoutMs, 800);
  assert.is((await loadConfig(written('sight: { timeoutMs: 800 }\nffmpeg: f\n'))).sight.ffmpeg, 'f');
});

migrations('one setting said in both shapes is refused instead of guessed', async () => {
  const { message } = await rejectsWith('CONFIG_INVALID', () => loadConfig(written('sightTimeoutMs: 700\nsight: { timeoutMs: 800 }\n')));
  assert.match(message, /sightTimeoutMs and sight\.timeoutMs/);
});

migrations('a part of another kind stays, and the check refuses it by name', async () => {
  const { message } = await rejectsWith('CONFIG_INVALID', () => loadConfig(written('ffmpeg: f\nsight: fast\n')));
  assert.match(message, /sight: must be object, got a string/);
});

migrations('settings of version 1 in a file of version 2 are refused, with their place', async () => {
  const { message } = await rejectsWith('CONFIG_INVALID', () => loadConfig(written('version: 2\nsightTimeoutMs: 700\n')));
  assert.match(message, /sightTimeoutMs: unknown key/);
});

for (const version of ['3', '0', '1.5', '"2"', 'true']) {
  migrations(`version ${version} is refused with what is known`, async () => {
    const { message } = await rejectsWith('CONFIG_INVALID', () => loadConfig(written(`version: ${version}\n`)));
    assert.match(message, /version: expected 1 to 2, got .*newer Mien/);
  });
}

migrations.run();
