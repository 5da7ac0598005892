import { readFileSync, statSync } from 'node:fs';
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { splitMjpeg } from '../../../core/src/camera/mjpeg.ts';
import { MienError } from '../../../core/src/errors.ts';

interface Face {
  person: string;
  box: [number, number, number, number];
  eyes: [[number, number], [number, number]];
  mouth: [number, number];
  rollDeg: number;
  visible: number;
  blur: number;
}
interface Clip {
  width: number;
  height: number;
  framesPerSecond: number;
  frames: number;
  people: Array<{ id: string; name: string; gender: 'female' | 'male'; apparentAge: number; ageSource: string }>;
  presence: Array<{ person: string; fromFrame: number; toFrame: number }>;
  ledger: Face[][];
}

const folder = new URL('../../../core/clip/', import.meta.url);
const bytes = readFileSync(new URL('clip.mjpeg', folder));
const clip = JSON.parse(readFileSync(new URL('clip.json', folder), 'utf8')) as Clip;
const spans = splitMjpeg(bytes);
const jpegs = spans.map(({ offset, length }) => bytes.subarray(offset, offset + length));
const faces = clip.ledger.flat();

/** Longest run of frames, in seconds, in which `holds`. */
function longest(holds: (faces: Face[], frame: number) => boolean): number {
  let best = 0;
  let run = 0;
  clip.ledger.forEach((here, frame) => {
    run = holds(here, frame) ? run + 1 : 0;
    best = Math.max(best, run);
  });
  return best / clip.framesPerSecond;
}

const files = suite('clip files');

files('are as long, as fast and as small as stated', () => {
  assert.is(spans.length, clip.frames);
  assert.is(clip.ledger.length, clip.frames);
  assert.ok(clip.framesPerSecond >= 15, `${clip.framesPerSecond} frames a second`);
  assert.ok(clip.frames / clip.framesPerSecond >= 20, `${clip.frames / clip.framesPerSecond} s`);
  const names = ['clip.mjpeg', 'clip.json', 'PROVENANCE.md'];
  const size = names.reduce((sum, name) => sum + statSync(new URL(name, folder)).size, 0);
  assert.ok(size < 6e6, `${size} bytes`);
});

files('hold baseline JPEGs without metadata, which decode at the stated size', async () => {
  for (let frame = 0; frame < jpegs.length; frame += 10) {
    const jpeg = jpegs[frame];
    const { isProgressive, chromaSubsampling, exif, icc, xmp } = await sharp(jpeg).metadata();
    assert.equal(
      { isProgressive, chromaSubsampling, exif, icc, xmp },
      {
        isProgressive: false,
        chromaSubsampling: '4:2:0',
        exif: undefined,
        icc: undefined,
        xmp: undefined,
      },
    );
    const { info } = await sharp(jpeg, { failOn: 'warning' }).raw().toBuffer({ resolveWithObject: true });
    assert.equal([info.width, info.height, info.channels], [clip.width, clip.height, 3], `frame ${frame}`);
  }
  assert.equal([clip.width, clip.height], [1280, 720]);
});

files.run();

const ledger = suite('clip ledger');

ledger('has four people of both genders, each known by name, age and source', () => {
  assert.ok(clip.people.length >= 4);
  assert.is(new Set(clip.people.map((person) => person.id)).size, clip.people.length);
  for (const gender of ['female', 'male']) assert.ok(clip.people.filter((person) => person.gender === gender).length >= 2, gender);
  for (const person of clip.people) assert.ok(person.apparentAge > 18 && person.ageSource.length > 10, person.id);
});

ledger('shows every person once, for at least 4 s, and nobody twice in a frame', () => {
  assert.equal(clip.presence.map((span) => span.person).sort(), clip.people.map((person) => person.id).sort());
  for (const { person, fromFrame, toFrame } of clip.presence) {
    const seen = clip.ledger.flatMap((here, frame) => (here.some((face) => face.person === person) ? [frame] : []));
    assert.equal([seen[0], seen.at(-1)], [fromFrame, toFrame], person);
    assert.ok((toFrame - fromFrame + 1) / clip.framesPerSecond >= 4, person);
    const clear = longest((here) => here.some((face) => face.person === person && face.visible >= 0.9));
    assert.ok(clear >= 2.5, `${person}: ${clear} s in one go are needed to settle an age`);
  }
  for (const here of clip.ledger) assert.is(new Set(here.map((face) => face.person)).size, here.length);
});

ledger('starts and ends with an empty hall, the last 3 s at least', () => {
  const first = clip.ledger.findIndex((here) => here.length > 0);
  const last = clip.ledger.findLastIndex((here) => here.length > 0);
  assert.ok(first >= clip.framesPerSecond, `somebody in frame ${first}`);
  assert.ok(clip.frames - 1 - last >= 3 * clip.framesPerSecond, `somebody in frame ${last}`);
});

ledger('has two at once for seconds, and one partly hidden behind another for a while', () => {
  assert.ok(longest((here) => here.filter((face) => face.visible >= 0.9).length >= 2) >= 2);
  const hidden = longest((here) =>
    here.some((face) => {
      const [x, , width] = face.box;
      return x >= 0 && x + width <= clip.width && face.visible > 0.05 && face.visible < 0.8;
    }),
  );
  assert.ok(hidden >= 0.4 && hidden <= 2, `${hidden} s`);
});

ledger('spans 60 to 250 px, tilted both ways, sharp and blurred', () => {
  const sides = faces.filter((face) => face.visible >= 0.8).map((face) => face.box[2]);
  assert.ok(Math.min(...sides) <= 62 && Math.max(...sides) >= 248, `${Math.min(...sides)} to ${Math.max(...sides)} px`);
  assert.ok(Math.min(...faces.map((face) => face.box[2])) >= 55 && Math.max(...sides) <= 260);
  const rolls = faces.map((face) => face.rollDeg);
  assert.ok(Math.min(...rolls) <= -5 && Math.max(...rolls) >= 10, `${Math.min(...rolls)} to ${Math.max(...rolls)} degrees`);
  const blurs = faces.map((face) => face.blur);
  assert.ok(Math.min(...blurs) <= 0.7 && Math.max(...blurs) >= 1.5, `${Math.min(...blurs)} to ${Math.max(...blurs)} px`);
});

ledger('places eyes and mouth inside their box, eyes above the mouth', () => {
  for (const { person, box, eyes, mouth } of faces) {
    const [x, y, width, height] = box;
    for (const point of [...eyes, mouth]) {
      assert.ok(point[0] > x && point[0] < x + width && point[1] > y && point[1] < y + height, person);
    }
    assert.ok(eyes[0][0] < eyes[1][0] && Math.max(eyes[0][1], eyes[1][1]) < mouth[1], person);
  }
});

ledger('moves nobody faster than a person walks', () => {
  for (const { person, fromFrame, toFrame } of clip.presence) {
    for (let frame = fromFrame + 1; frame <= toFrame; frame += 1) {
      const now = clip.ledger[frame]?.find((face) => face.person === person);
      const before = clip.ledger[frame - 1]?.find((face) => face.person === person);
      if (!now || !before) continue;
      // a face is about 0.2 m wide, so that 0.6 sides a frame at 15 frames a second are 1.8 m/s
      const sides = Math.hypot(now.eyes[0][0] - before.eyes[0][0], now.eyes[0][1] - before.eyes[0][1]) / now.box[2];
      assert.ok(sides < 0.6, `${person} in frame ${frame}: ${sides.toFixed(2)} sides`);
    }
  }
});

ledger.run();

const split = suite('splitMjpeg');
const frame = jpegs[0] ?? Buffer.alloc(0);

function refuses(input: Uint8Array, words: RegExp): void {
  assert.throws(
    () => splitMjpeg(input),
    (error: unknown) => error instanceof MienError && error.code === 'FRAME_INVALID' && words.test(error.message),
  );
}

split('covers every byte, frame after frame', () => {
  let at = 0;
  for (const { offset, length } of spans) {
    assert.is(offset, at);
    at += length;
  }
  assert.is(at, bytes.length);
});

split('is not misled by a thumbnail inside a segment, restart markers, stuffing or fill bytes', async () => {
  const thumbnail = Buffer.concat([Buffer.from([0xff, 0xe1, 0, 10]), Buffer.from([0xff, 0xd8, 0xff, 0xd9, 0xff, 0xd8, 0xff, 0xd9])]);
  const withThumbnail = Buffer.concat([frame.subarray(0, 2), thumbnail, Buffer.from([0xff]), frame.subarray(2)]);
  // two scans, a restart, a stuffed FF and a fill byte, by hand: only the markers matter here
  const scans = Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff, 0xff, 0xda, 0, 2, 4, 0xff, 0xd9]);
  assert.equal(splitMjpeg(Buffer.concat([withThumbnail, scans, frame])), [
    { offset: 0, length: withThumbnail.length },
    { offset: withThumbnail.length, length: scans.length },
    { offset: withThumbnail.length + scans.length, length: frame.length },
  ]);
  const progressive = await sharp(frame).jpeg({ progressive: true }).toBuffer();
  assert.equal(splitMjpeg(progressive), [{ offset: 0, length: progressive.length }]);
});

split('refuses junk, naming frame and byte', () => {
  refuses(new Uint8Array(0), /empty/);
  refuses(Buffer.from('not a picture at all'), /Frame 0 .*start marker.* byte 0 of 20/);
  refuses(Buffer.concat([frame, Buffer.from('junk')]), new RegExp(`Frame 1 .*byte ${frame.length} `));
  refuses(Buffer.concat([frame, frame.subarray(2)]), /Frame 1 .*start marker/);
  refuses(Buffer.from([0xff, 0xd8, 0xff, 0xc4, 0, 1]), /length, found 1/);
  refuses(Buffer.from([0xff, 0xd8, 0xff]), /found FF nothing/);
});

split('refuses a frame cut off at any byte', () => {
  const small = Buffer.concat([frame.subarray(0, 700), frame.subarray(-40)]);
  for (let length = 1; length < small.length; length += 1) refuses(small.subarray(0, length), /Frame 0 is not a whole JPEG/);
});

split.run();
