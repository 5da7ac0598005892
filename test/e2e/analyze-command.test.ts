import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Analysis, AnalyzedFace } from '../../core/src/sight/sight.ts';
import { frameWith } from '../support/clip.ts';
import { mien } from '../support/mien-command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

type Line = Partial<Analysis> & { file: string; error?: { code: string; message: string } };

const command = suite('mien analyze');
const folder = new TemporaryFolder();
command.after(() => folder[Symbol.dispose]());
const at = (name: string): string => join(folder.path, name);
const two = frameWith(2);

async function line(...args: string[]): Promise<Line> {
  const outcome = await mien(['analyze', '--json', ...args]);
  const lines = outcome.json<Line>();
  assert.is(lines.length, 1, outcome.stderr);
  return lines[0] as Line;
}

command.before(async () => {
  writeFileSync(at('two.jpg'), two);
  const photo = sharp(two);
  await Promise.all([
    photo.clone().rotate(180).withMetadata({ orientation: 3 }).jpeg().toFile(at('turned.jpg')),
    photo.clone().toColourspace('cmyk').jpeg().toFile(at('cmyk.jpg')),
    photo.clone().toColourspace('rgb16').png().toFile(at('deep.png')),
    photo.clone().ensureAlpha(0.9).png().toFile(at('alpha.png')),
    photo.clone().grayscale().jpeg().toFile(at('gray.jpg')),
    photo.clone().gif().toFile(at('still.gif')),
    photo.clone().webp({ quality: 60 }).toFile(at('photo.webp')),
    sharp({ create: { width: 640, height: 480, channels: 3, background: '#7a8c99' } })
      .jpeg()
      .toFile(at('nobody.jpg')),
    sharp({ create: { width: 1, height: 1, channels: 3, background: '#fff' } })
      .png()
      .toFile(at('pixel.png')),
    sharp({ create: { width: 20_000, height: 20_000, channels: 3, background: '#fff' }, limitInputPixels: false })
      .png()
      .toFile(at('huge.png')),
  ]);
  writeFileSync(at('cut.jpg'), two.subarray(0, two.length / 2));
  writeFileSync(at('empty.jpg'), '');
  writeFileSync(at('words.jpg'), 'this is no picture');
});

function checkFace(face: AnalyzedFace): void {
  assert.ok(face.age && 'years' in face.age && face.age.years > 0 && face.age.sd > 0);
  assert.ok(face.gender && 'p' in face.gender && ['female', 'male'].includes(face.gender.label) && face.gender.p >= 0.5 && face.gender.p <= 1);
  assert.ok(face.expression && 'probs' in face.expression);
  const probs = Object.values((face.expression as { probs: Record<string, number> }).probs);
  assert.is(probs.length, 3);
  assert.ok(Math.abs(probs.reduce((a, b) => a + b) - 1) < 1e-3);
  assert.is(face.box.length, 4);
  assert.ok(face.quality.score >= 0 && face.quality.score <= 1);
}

command('gives one JSON object with every measure of every face', async () => {
  const result = await line(at('two.jpg'));
  assert.is(result.file, at('two.jpg'));
  assert.equal([result.width, result.height], [1280, 720]);
  assert.is(result.faces?.length, 2);
  for (const face of result.faces ?? []) checkFace(face);
  assert.type(result.ms?.total, 'number');
  assert.is(result.origin?.backend, 'onnx');
});

for (const name of ['turned.jpg', 'cmyk.jpg', 'deep.png', 'alpha.png', 'gray.jpg', 'photo.webp', 'still.gif']) {
  command(`sees both faces in ${name}`, async () => {
    const result = await line(at(name));
    assert.is(result.error, undefined, result.error?.message);
    assert.equal([result.width, result.height], [1280, 720]);
    assert.is(result.faces?.length, 2);
  });
}

command('a picture without faces is no error', async () => {
  const { code, stdout } = await mien(['analyze', '--json', at('nobody.jpg')]);
  assert.is(code, 0);
  assert.equal((JSON.parse(stdout) as Line).faces, []);
});

command('bad inputs are named, the others still measured, in the order given, and the exit code is 1', async () => {
  const names = ['cut.jpg', 'two.jpg', 'empty.jpg', 'words.jpg', 'pixel.png', 'huge.png', 'missing.jpg'];
  const outcome = await mien(['analyze', '--json', ...names.map(at)]);
  assert.is(outcome.code, 1);
  const lines = outcome.json<Line>();
  assert.equal(
    lines.map(({ file }) => file),
    names.map(at),
  );
  assert.equal(
    lines.map(({ error }) => error?.code),
    ['IMAGE_UNREADABLE', undefined, 'IMAGE_EMPTY', 'IMAGE_UNREADABLE', 'IMAGE_TOO_SMALL', 'IMAGE_TOO_LARGE', 'INPUT_NOT_FOUND'],
  );
  for (const { error } of lines) if (error) assert.ok(error.message.length > 20, error.message);
});

command('takes folders, globs and standard input', async () => {
  const inner = at('album');
  mkdirSync(join(inner, 'below'), { recursive: true });
  copyFileSync(at('two.jpg'), join(inner, 'a.jpg'));
  copyFileSync(at('nobody.jpg'), join(inner, 'below', 'b.jpg'));
  writeFileSync(join(inner, 'notes.txt'), 'not a picture by its name');
  const byFolder = await mien(['analyze', '--json', inner]);
  assert.equal(
    byFolder.json<Line>().map(({ file }) => file),
    [join(inner, 'a.jpg'), join(inner, 'below', 'b.jpg')],
  );
  const byGlob = await mien(['analyze', '--json', join(inner, '*.jpg')]);
  assert.equal(
    byGlob.json<Line>().map(({ file }) => file),
    [join(inner, 'a.jpg')],
  );
  const piped = await mien(['analyze', '--json', '-'], { input: two });
  assert.is(piped.json<Line>()[0]?.file, '-');
  assert.is(piped.json<Line>()[0]?.faces?.length, 2);
});

command('a folder without pictures is named', async () => {
  const bare = at('bare');
  mkdirSync(bare);
  const outcome = await mien(['analyze', '--json', bare]);
  assert.is(outcome.code, 1);
  assert.is(outcome.json<Line>()[0]?.error?.code, 'INPUT_NOT_FOUND');
});

command('finds fifty faces, and one that the border cuts', async () => {
  const [face] = (await line(at('two.jpg'))).faces ?? [];
  const [x, y, width, height] = (face as AnalyzedFace).box;
  const side = Math.round(Math.max(width, height) * 1.9);
  const left = Math.max(0, Math.round(x + width / 2 - side / 2));
  const top = Math.max(0, Math.round(y + height / 2 - side / 2));
  const head = await sharp(two)
    .extract({ left, top, width: Math.min(side, 1280 - left), height: Math.min(side, 720 - top) })
    .resize(150, 150)
    .toBuffer();
  const composite = Array.from({ length: 50 }, (_, i) => ({ input: head, left: (i % 10) * 160, top: Math.floor(i / 10) * 160 }));
  await sharp({ create: { width: 1600, height: 800, channels: 3, background: '#667' } })
    .composite(composite)
    .jpeg()
    .toFile(at('crowd.jpg'));
  const crowd = await line(at('crowd.jpg'));
  assert.is(crowd.faces?.length, 50);
  const middle = Math.round(x + width * 0.35);
  await sharp(two)
    .extract({ left: middle, top: 0, width: 1280 - middle, height: 720 })
    .jpeg()
    .toFile(at('border.jpg'));
  const border = await line(at('border.jpg'));
  assert.is(border.error, undefined);
  const cut = border.faces?.find((one) => one.box[0] < 0);
  assert.ok(cut, 'its box reaches over the border');
  checkFace(cut);
});

command('--crop takes an aligned crop as it is: exactly one face', async () => {
  await sharp({ create: { width: 128, height: 128, channels: 3, background: '#887' } })
    .jpeg()
    .toFile(at('crop.jpg'));
  const result = await line('--crop', at('crop.jpg'));
  assert.is(result.faces?.length, 1);
  checkFace(result.faces?.[0] as AnalyzedFace);
});

command('--as-person withholds what an event would withhold, and says why', async () => {
  const largest = Math.max(...((await line(at('two.jpg'))).faces ?? []).map(({ box }) => Math.max(box[2], box[3])));
  await sharp(two)
    .resize(Math.round((1280 * 40) / largest))
    .jpeg()
    .toFile(at('tiny.jpg'));
  const measured = await line(at('tiny.jpg'));
  assert.ok((measured.faces?.length ?? 0) > 0);
  for (const face of measured.faces ?? []) {
    assert.ok(face.wouldAbstain?.includes('too_small'));
    assert.ok(face.age && 'years' in face.age);
  }
  const person = await line('--as-person', at('tiny.jpg'));
  for (const face of person.faces ?? []) assert.equal(face.gender, { label: 'unknown', abstain: 'too_small' });
});

command('--annotate writes a picture with boxes', async () => {
  const outcome = await mien(['analyze', at('two.jpg'), '--annotate', at('drawn.jpg')]);
  assert.is(outcome.code, 0, outcome.stderr);
  assert.match(outcome.stdout, /2 faces/);
  const drawn = await sharp(at('drawn.jpg')).metadata();
  assert.equal([drawn.format, drawn.width, drawn.height], ['jpeg', 1280, 720]);
});

command('--annotate keeps pictures of one name apart, and ends with 1 where it cannot write', async () => {
  const namesakes = ['left', 'right'].map((side) => at(`${side}/x.jpg`));
  for (const [index, path] of namesakes.entries()) {
    mkdirSync(at(['left', 'right'][index] as string));
    copyFileSync(at(index === 0 ? 'two.jpg' : 'nobody.jpg'), path);
  }
  const outcome = await mien(['analyze', ...namesakes, '--annotate', at('both')]);
  assert.is(outcome.code, 0, outcome.stderr);
  const widths = await Promise.all(['x.jpg', 'x-2.jpg'].map(async (name) => (await sharp(at(`both/${name}`)).metadata()).width));
  assert.equal(widths, [1280, 640]);
  const refused = await mien(['analyze', '--json', at('two.jpg'), '--annotate', at('nowhere/drawn.jpg')]);
  assert.is(refused.code, 1);
  assert.is(refused.json<Line>()[0]?.error?.code, 'OUTPUT_UNWRITABLE');
  const noFolder = await mien(['analyze', ...namesakes, '--annotate', at('two.jpg')]);
  assert.is(noFolder.code, 1);
  assert.match(noFolder.stderr, /cannot be a folder/);
  assert.not.match(noFolder.stderr, /\n\s+at /);
});

command.run();
