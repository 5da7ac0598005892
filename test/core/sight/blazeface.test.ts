import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DetectorNetwork } from '../../../core/src/inference/model-manifest.ts';
import { BlazeFaceDecoder, Candidates } from '../../../core/src/sight/blazeface.ts';
import { suppress } from '../../../core/src/sight/suppression.ts';

const blazeface = suite('BlazeFace decoding and suppression');

/** 2x2 cells of one anchor, then 1 cell of two: six anchors; an input of 100 pixels. */
const network = {
  outputs: { boxes: 'b', scores: 's' },
  anchors: [
    { size: 2, perCell: 1 },
    { size: 1, perCell: 2 },
  ],
  keypoints: ['rightEye', 'leftEye', 'noseTip', 'mouthCentre', 'rightEar', 'leftEar'],
  coordinateScale: 100,
  scoreActivation: 'logit',
  scoreThreshold: 0.5,
} as unknown as DetectorNetwork;

const frame = { width: 1000, height: 500 };

/** Outputs with one box of [x, y, width, height] offsets at each given anchor; keypoints one pixel apart. */
function outputs(faces: ReadonlyArray<{ anchor: number; box: readonly number[]; logit: number }>) {
  const b = new Float32Array(6 * 16);
  const s = new Float32Array(6).fill(-20);
  for (const { anchor, box, logit } of faces) {
    s[anchor] = logit;
    b.set(box, anchor * 16);
    for (let p = 0; p < 6; p += 1) b.set([p, -p], anchor * 16 + 4 + 2 * p);
  }
  return { b, s };
}

function detect(faces: Parameters<typeof outputs>[0], region = { x: 0, y: 0, size: 200 }, manifest = network) {
  const candidates = new Candidates();
  new BlazeFaceDecoder(manifest).decode(outputs(faces), region, frame, candidates);
  return suppress(candidates);
}

blazeface('places boxes and keypoints by anchor, scale and region', () => {
  // Anchor 3: the last cell of the 2x2 layer, centre at 0.75 of the side.
  const [found] = detect([{ anchor: 3, box: [2, -4, 20, 10], logit: 0 }], { x: 100, y: 50, size: 200 });
  assert.ok(found);
  assert.equal(found.box, { x: 100 + 150 + 4 - 20, y: 50 + 150 - 8 - 10, width: 40, height: 20 });
  assert.is(found.score, 0.5);
  assert.equal(found.keypoints.rightEye, { x: 250, y: 200 });
  assert.equal(found.keypoints.mouth, { x: 256, y: 194 });
  assert.equal(found.keypoints.leftEar, { x: 260, y: 190 });
});

blazeface('reads keypoints by the names of the manifest', () => {
  const swapped = { ...network, keypoints: ['leftEye', 'rightEye', 'noseTip', 'mouthCentre', 'rightEar', 'leftEar'] };
  const [found] = detect([{ anchor: 0, box: [0, 0, 20, 20], logit: 3 }], { x: 0, y: 0, size: 100 }, swapped);
  assert.equal(found?.keypoints.leftEye, { x: 25, y: 25 });
  assert.equal(found?.keypoints.rightEye, { x: 26, y: 24 });
});

blazeface('drops what is below the threshold, as logit and as probability', () => {
  assert.is(detect([{ anchor: 0, box: [0, 0, 20, 20], logit: -0.01 }]).length, 0);
  const probability = { ...network, scoreActivation: 'probability' as const };
  const [found, ...others] = detect(
    [
      { anchor: 0, box: [0, 0, 20, 20], logit: 0.75 },
      { anchor: 3, box: [0, 0, 20, 20], logit: 0.49 },
    ],
    { x: 0, y: 0, size: 200 },
    probability,
  );
  assert.is(found?.score, 0.75);
  assert.is(others.length, 0);
});

blazeface('never takes NaN for a face', () => {
  assert.equal(detect([{ anchor: 0, box: [0, 0, 20, 20], logit: Number.NaN }]), []);
});

blazeface('blends what overlaps by score, keeps what does not, best first', () => {
  // Anchors 4 and 5 share a cell; anchor 0 is elsewhere.
  const strong = Math.log(0.9 / 0.1);
  const found = detect([
    { anchor: 0, box: [0, 0, 10, 10], logit: 0.1 },
    { anchor: 4, box: [0, 0, 20, 20], logit: strong },
    { anchor: 5, box: [4, 0, 20, 20], logit: Math.log(0.6 / 0.4) },
  ]);
  assert.is(found.length, 2);
  assert.ok(Math.abs((found[0]?.score ?? 0) - 0.9) < 1e-6, 'the score of the best');
  const x = (0.9 * 80 + 0.6 * 88) / 1.5;
  assert.ok(Math.abs((found[0]?.box.x ?? 0) - x) < 1e-3, `${found[0]?.box.x} is not ${x}`);
});

blazeface('prefers the closer look where two regions saw one face', () => {
  const candidates = new Candidates();
  const decoder = new BlazeFaceDecoder(network);
  decoder.decode(outputs([{ anchor: 4, box: [0, 0, 10, 10], logit: 1 }]), { x: -300, y: -300, size: 800 }, frame, candidates);
  decoder.decode(outputs([{ anchor: 4, box: [2, 0, 40, 40], logit: 1 }]), { x: 0, y: 0, size: 200 }, frame, candidates);
  const [found, ...others] = suppress(candidates);
  assert.is(others.length, 0);
  // Coarse says 60..140, fine 64..144: weights 1 to 16.
  assert.ok(Math.abs((found?.box.x ?? 0) - (60 + 16 * 64) / 17) < 1e-3);
});

blazeface('lets a face cut off by its region give way to the whole one', () => {
  const decoder = new BlazeFaceDecoder(network);
  const cutRegion = { x: 0, y: 0, size: 200 };
  const half = outputs([{ anchor: 3, box: [20, 0, 22, 40], logit: 5 }]);
  const alone = new Candidates();
  decoder.decode(half, cutRegion, frame, alone);
  assert.is(suppress(alone).length, 1, 'but stays when nobody saw it whole');
  const both = new Candidates();
  decoder.decode(half, cutRegion, frame, both);
  decoder.decode(outputs([{ anchor: 4, box: [0, 0, 40, 40], logit: 1 }]), { x: 110, y: 50, size: 200 }, frame, both);
  const [found, ...others] = suppress(both);
  assert.is(others.length, 0);
  assert.equal(found?.box, { x: 170, y: 110, width: 80, height: 80 }, 'and is not averaged in');
  const atEdge = new Candidates();
  decoder.decode(outputs([{ anchor: 0, box: [-20, 0, 30, 30], logit: 1 }]), cutRegion, frame, atEdge);
  assert.is(suppress(atEdge)[0]?.box.x, -20, 'the edge of the frame cuts nothing');
});

blazeface('takes any number of candidates', () => {
  const candidates = new Candidates();
  const decoder = new BlazeFaceDecoder(network);
  const wide = { width: 1e6, height: 1e6 };
  for (let i = 0; i < 900; i += 1) decoder.decode(outputs([{ anchor: 4, box: [0, 0, 50, 50], logit: 1 }]), { x: i * 300, y: 0, size: 200 }, wide, candidates);
  assert.is(suppress(candidates).length, 900);
});

blazeface.run();
