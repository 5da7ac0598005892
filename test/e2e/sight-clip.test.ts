import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Observation, ObservedFace } from '../../core/src/observation.ts';
import { iou, type Rect } from '../../core/src/sight/geometry.ts';
import { until } from '../support/processes.ts';
import { findProgram } from '../support/programs.ts';
import { openSight } from '../support/sight-log.ts';

const folder = new URL('../../core/clip/', import.meta.url);
const clip = JSON.parse(readFileSync(new URL('clip.json', folder), 'utf8')) as {
  width: number;
  height: number;
  frames: number;
  framesPerSecond: number;
  ledger: Array<Array<{ person: string; box: [number, number, number, number]; visible: number }>>;
};

const rect = ([x, y, width, height]: readonly [number, number, number, number]): Rect => ({ x, y, width, height });
const pixels = ({ box: [x, y, w, h] }: ObservedFace): Rect => rect([x * clip.width, y * clip.height, w * clip.width, h * clip.height]);

/** Detected faces of an observation, with the person of the ledger each lies on. */
function seenIn({ frame, faces }: Observation): Array<{ face: ObservedFace; person: string | undefined }> {
  const here = clip.ledger[frame % clip.frames] ?? [];
  return faces
    .filter(({ score }) => score > 0)
    .map((face) => {
      const best = here.map((one) => ({ ...one, overlap: iou(pixels(face), rect(one.box)) })).sort((a, b) => b.overlap - a.overlap)[0];
      return { face, person: best && best.overlap > 0.3 ? best.person : undefined };
    });
}

const test = suite('sight on the clip');

test('once: every frame is observed, in order, and then it has ended', async () => {
  await using opened = await openSight({}, { once: true });
  const { sight, log } = opened;
  await sight.ended();
  const { observations } = log;
  assert.equal(
    observations.map(({ frame }) => frame),
    Array.from({ length: clip.frames }, (_, i) => i),
  );
  const [first] = observations;
  for (const { frame, capturedMonoMs, dropped } of observations) {
    assert.ok(Math.abs(capturedMonoMs - (first?.capturedMonoMs ?? 0) - (frame * 1000) / clip.framesPerSecond) < 0.01, 'media time');
    assert.is(dropped, 0);
  }
  assert.equal(log.turns, ['camera.ended']);
  assert.is(sight.status().cameras[0]?.state, 'ended');

  let due = 0;
  let found = 0;
  const tracksOf = new Map<string, Set<number>>();
  for (const observation of observations) {
    const seen = seenIn(observation);
    for (const { face, person } of seen) {
      assert.ok(person, `frame ${observation.frame}: a face where the ledger has none`);
      tracksOf.set(person, (tracksOf.get(person) ?? new Set()).add(face.track));
    }
    for (const { person, visible } of clip.ledger[observation.frame] ?? []) {
      if (visible < 0.5) continue;
      due += 1;
      if (seen.some((one) => one.person === person)) found += 1;
    }
  }
  assert.ok(found / due >= 0.95, `recall ${found} of ${due}`);
  assert.is(tracksOf.size, 4);
  const tracks = observations.flatMap(({ faces }) => faces.map(({ track }) => track));
  assert.ok(new Set(tracks).size <= 6, `${new Set(tracks).size} tracks for four people`);
});

test('live: it keeps pace with the clip, and settled faces are read five times a second', async () => {
  await using opened = await openSight();
  const { sight, log } = opened;
  await until('eight seconds of clip', 12_000, () => (log.observations.at(-1)?.frame ?? 0) > 8 * clip.framesPerSecond);
  const [camera] = sight.status().cameras;
  assert.ok((camera?.framesPerSecond ?? 0) > 0.8 * clip.framesPerSecond, `${camera?.framesPerSecond} frames a second`);
  const byTrack = new Map<number, Observation[]>();
  for (const observation of log.observations) {
    for (const { track } of observation.faces) byTrack.set(track, [...(byTrack.get(track) ?? []), observation]);
  }
  const longest = [...byTrack].sort(([, a], [, b]) => b.length - a.length)[0];
  assert.ok(longest && longest[1].length > 30, 'somebody was there for a while');
  const [track, observations] = longest;
  const seen = observations.flatMap((o) =>
    o.faces.filter((face) => face.track === track && face.score > 0).map((face) => ({ at: o.capturedMonoMs, read: face.sample !== undefined })),
  );
  const reads = seen.filter(({ read }) => read).length;
  const seconds = ((seen.at(-1)?.at ?? 0) - (seen[0]?.at ?? 0)) / 1000;
  assert.ok(reads / seconds >= 4.5, `${reads} samples in ${seconds} s`);
  assert.ok(reads < seen.length, 'settled faces are not read on every frame');
});

test('an observation is plain facts: no bytes, no paths, shares of the frame and known units', async () => {
  await using opened = await openSight({}, { once: true });
  const { log } = opened;
  await until('samples', 20_000, () => log.observations.some(({ faces }) => faces.some(({ sample }) => sample)));
  const observation = log.observations.find(({ faces }) => faces.some(({ sample }) => sample)) as Observation;
  assert.equal(JSON.parse(JSON.stringify(observation)), observation, 'survives JSON: no typed arrays, no undefined');
  assert.ok(JSON.stringify(observation).length < 4000);
  assert.not.match(JSON.stringify(observation), /\.(onnx|json|mjpeg|ts|js)\b/);
  const face = observation.faces.find(({ sample }) => sample) as ObservedFace;
  assert.ok(face.box.every((share) => share > -0.5 && share < 1.5));
  const { age, gender, expression } = face.sample ?? {};
  assert.ok((age?.years ?? 0) > 10 && (age?.years ?? 0) < 100 && (age?.sd ?? 0) > 1);
  assert.ok(Math.abs((gender?.[0] ?? 0) + (gender?.[1] ?? 0) - 1) < 1e-6);
  assert.ok(Math.abs((expression ?? []).reduce((a, b) => a + b, 0) - 1) < 1e-6);
  assert.is(observation.heads.expression?.labels.length, expression?.length);
});

test('models are seen and changed through the proxy, without a lost frame', async () => {
  await using opened = await openSight();
  const { sight, log } = opened;
  const list = await sight.models.list();
  const recogniser = list.find(({ role, state }) => role === 'recognizer' && state === 'ready');
  assert.is(recogniser?.precision, 'int8');
  const before = log.observations.length;
  const swapped = await sight.models.swap(recogniser?.name ?? '', { precision: 'fp32' });
  assert.is(swapped.precision, 'fp32');
  await until('the new one answers', 3000, () => log.observations.at(-1)?.origin.model.endsWith('/fp32') === true);
  assert.ok(log.observations.length > before);
  assert.ok((await sight.models.selftest(recogniser?.name ?? '')).selftest?.passed);
  const fault = await sight.models.load('no-such-network').then(
    () => undefined,
    (reason) => reason,
  );
  assert.is(fault?.code, 'MODEL_NOT_FOUND');
});

test('a still is analysed by sight while it watches', async () => {
  await using opened = await openSight();
  const { sight } = opened;
  const bytes = readFileSync(new URL('clip.mjpeg', folder));
  const crowded = clip.ledger.findIndex((here) => here.length === 2 && here.every(({ visible, box }) => visible > 0.9 && box[2] > 100));
  const { splitMjpeg } = await import('../../core/src/camera/mjpeg.ts');
  const { offset, length } = splitMjpeg(bytes)[crowded] as { offset: number; length: number };
  const analysis = await sight.analyze(bytes.subarray(offset, offset + length), { annotate: 'boxes' });
  assert.is(analysis.faces.length, 2);
  assert.is((await sharp(analysis.annotated).metadata()).width, clip.width);
  const fault = await sight.analyze(new Uint8Array(0)).then(
    () => undefined,
    (reason) => reason,
  );
  assert.is(fault?.code, 'IMAGE_EMPTY');
});

test('a preview gives JPEGs while somebody listens, also after a restart, and nothing afterwards', async () => {
  await using opened = await openSight();
  const { sight, log } = opened;
  const pictures = sight.preview('main', { framesPerSecond: 30, width: 320 });
  for (let i = 0; i < 5; i += 1) {
    const { value, done } = await pictures.next();
    assert.not.ok(done);
    const { format, width, height } = await sharp(value as Uint8Array).metadata();
    assert.equal([format, width, height], ['jpeg', 320, 180]);
  }
  process.kill(sight.status().pid as number, 'SIGKILL');
  await until('sight is back', 20_000, () => log.turns.includes('sight.restored'));
  await pictures.next(); // may be the last one of the run before
  assert.not.ok((await pictures.next()).done);
  await pictures.return?.();
  assert.ok((await pictures.next()).done);
  assert.throws(
    () => sight.preview('elsewhere'),
    (fault: { code?: string }) => fault.code === 'CAMERA_NOT_FOUND',
  );
});

test('two cameras share sight fairly', async () => {
  await using opened = await openSight({ cameras: [{ name: 'left' }, { name: 'right' }] }, { once: true });
  const { sight, log } = opened;
  await sight.ended();
  const count = (camera: string, observations: readonly Observation[]): number => observations.filter((o) => o.camera === camera).length;
  assert.is(count('left', log.observations), clip.frames);
  assert.is(count('right', log.observations), clip.frames);
  const half = log.observations.slice(0, clip.frames);
  assert.ok(Math.abs(count('left', half) - count('right', half)) < 0.2 * clip.frames, `${count('left', half)} against ${count('right', half)}`);
});

if (findProgram(['ffmpeg'], ['-version'])) {
  test('a file comes through ffmpeg, which the host runs, and ends when it is over', async () => {
    await using opened = await openSight({ cameras: [{ name: 'file', source: fileURLToPath(new URL('clip.mjpeg', folder)) }] }, { once: true });
    const { sight, log } = opened;
    await sight.ended();
    assert.is(log.observations.length, clip.frames);
    assert.ok(log.observations.some(({ faces }) => faces.length === 2));
    assert.is(sight.status().cameras[0]?.source, 'file clip.mjpeg');
  });
}

test.run();
