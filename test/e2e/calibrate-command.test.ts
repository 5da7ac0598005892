import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { frameWith } from '../support/clip.ts';
import { mien } from '../support/mien-command.ts';
import { requireFfmpeg } from '../support/programs.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const ffmpeg = requireFfmpeg();
const command = suite('mien calibrate');
const folder = new TemporaryFolder();
command.after(() => folder[Symbol.dispose]());
const at = (name: string): string => join(folder.path, name);

/** A video in which the people of one clip frame stand still. */
function still(name: string, people: number): string {
  writeFileSync(at('frame.jpg'), frameWith(people));
  const done = spawnSync(ffmpeg, ['-v', 'error', '-y', '-loop', '1', '-framerate', '10', '-i', at('frame.jpg'), '-t', '20', '-pix_fmt', 'yuv420p', at(name)]);
  assert.is(done.status, 0, String(done.stderr));
  return at(name);
}

command('writes the factor beside the comments that were there, and distances are calibrated from then on', async () => {
  const config = at('mien.yaml');
  writeFileSync(config, `# the entrance\ncameras:\n  - name: door   # above the door\n    source: ${still('one.mp4', 1)}\n`);
  const outcome = await mien(['calibrate', '--config', config, '--seconds', '4']);
  assert.is(outcome.code, 0, outcome.stderr);
  const text = readFileSync(config, 'utf8');
  assert.match(text, /# the entrance/);
  assert.match(text, /# above the door/);
  const factor = (parse(text) as { cameras: Array<{ calibration: number }> }).cameras[0]?.calibration as number;
  assert.ok(factor > 0.05 && factor < 20, String(factor));
  const again = await mien(['calibrate', '--config', config, '--seconds', '4', '--at', '2']);
  assert.is(again.code, 0, again.stderr);
  const twice = (parse(readFileSync(config, 'utf8')) as { cameras: Array<{ calibration: number }> }).cameras[0]?.calibration as number;
  assert.ok(Math.abs(twice / factor - 2) < 0.1, `${factor} at 1 m, ${twice} at 2 m`);
});

command('refuses a measurement with two people, saying what to do', async () => {
  const config = at('two.yaml');
  const before = `cameras:\n  - source: ${still('two.mp4', 2)}\n`;
  writeFileSync(config, before);
  const { code, stderr } = await mien(['calibrate', '--config', config, '--seconds', '3']);
  assert.is(code, 1);
  assert.match(stderr, /several people.*stand alone/);
  assert.is(readFileSync(config, 'utf8'), before);
});

command('refuses a distance that is none', async () => {
  const { code, stderr } = await mien(['calibrate', '--config', at('two.yaml'), '--at', '-1']);
  assert.is(code, 2);
  assert.match(stderr, /--at expects metres/);
});

command.run();
