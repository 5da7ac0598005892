import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { draw, labelsOf, readIndex } from '../../../scripts/bench-peers/faces.ts';
import { type Answer, mainFace, median, score, threeClasses } from '../../../scripts/bench-peers/scores.ts';
import { bestOf, summarise, table } from '../../../scripts/bench-peers/summary.ts';

const test = suite('arithmetic of bench:peers');

const face = (labels: object) => ({ path: 'x.jpg', ...labels });
const answer = (age: number | null, male: number, ...expression: number[]): Answer => ({ age, male, expression });

test('emotions are summed to three classes, surprise left out, and an unknown one is refused', () => {
  const sums = threeClasses({ angry: 0.2, fear: 0.1, sad: 0.1, disgust: 0, neutral: 0.3, happy: 0.25, surprise: 0.05 });
  assert.equal(
    sums.map((sum) => Number(sum.toFixed(6))),
    [0.4, 0.3, 0.25],
  );
  assert.equal(threeClasses({ surprised: 1 }), [0, 0, 0]);
  assert.throws(() => threeClasses({ bored: 1 }), /"bored" belongs to no class/);
});

test('each label is judged where it is, a missed face only counted', () => {
  const faces = [
    face({ age: 30, gender: 'female' }),
    face({ age: 50, gender: 'male' }),
    face({ age: 40, gender: 'male' }),
    face({ expression: 'positive' }),
    face({ expression: 'neutral' }),
    face({ age: 60, gender: 'male' }),
  ] as const;
  const answers = [
    answer(33, 0.2, 1, 0, 0),
    answer(null, 0.4, 1, 0, 0),
    null,
    answer(1, 0, 0.1, 0.2, 0.7),
    answer(1, 0, 0.5, 0.4, 0.1),
    answer(55, 0.6, 1, 0, 0),
  ];
  assert.equal(score(faces, answers), { ageMae: 4, gender: 2 / 3, expression: 0.5, missed: 1, noAge: 1, n: 6 });
  assert.equal(score([], []), { ageMae: null, gender: null, expression: null, missed: 0, noAge: 0, n: 0 });
});

test('median and main face', () => {
  assert.is(median([3, 1, 2]), 2);
  assert.is(median([4, 1, 2, 3]), 2);
  assert.is(median([]), null);
  assert.is(
    mainFace([3, 9, 4], (size) => size),
    9,
  );
  assert.is(
    mainFace([], () => 1),
    undefined,
  );
});

test('the draw is the same for the same seed, without repetition', () => {
  const items = Array.from({ length: 1000 }, (_, i) => i);
  const drawn = draw(items, 300);
  assert.equal(drawn, draw(items, 300));
  assert.is(new Set(drawn).size, 300);
  assert.not.equal(drawn, draw(items, 300, 1));
  assert.is(draw([1, 2], 5).length, 2);
});

test('labels are read by column', () => {
  const rows = readIndex('file,age,gender,emo3\r\na.jpg,31.0,0,\nb.jpg,,,2\n');
  assert.equal(rows.map(labelsOf), [{ age: 31, gender: 'female' }, { expression: 'positive' }]);
});

const reports = {
  human: { version: '1', peakRssMb: 300, frameMs: [200, 220, 210], facesSeen: 6, answers: [answer(40, 1, 1, 0, 0)] },
  faceApi: { version: '1', peakRssMb: 200, cropMs: [20], cropAnswers: [answer(31, 0, 1, 0, 0)] },
  mien: { version: '1', peakRssMb: 200, frameMs: [21], facesSeen: 2, cropMs: [11], answers: [answer(32, 0, 1, 0, 0)], cropAnswers: [answer(33, 0, 1, 0, 0)] },
};

test('aims compare like with like, and one that is missed is said', () => {
  const { aims } = summarise(reports, [face({ age: 30, gender: 'female', expression: 'negative' })]);
  assert.equal(
    aims.map(({ value, met }) => [Number(value.toFixed(2)), met]),
    [
      [10, true],
      [1.82, false],
      [8, true],
      [100, true],
      [0, true],
      [-2, false],
      [0, true],
      [0, true],
    ],
  );
  const printed = table(summarise(reports, [face({ age: 30 })]));
  assert.match(printed, /Human +210\.0 ms +- +2\.00 +300 MB +10\.00 years +- +- +0 of 1/);
  assert.match(printed, /MISSED crops: Mien faster than face-api's two networks, times: 1\.82 \(aim: at least 2\)/);
});

test('of two rounds the faster times count, the larger peak and the later answers', () => {
  const later = { ...reports.mien, frameMs: [30], cropMs: [9], peakRssMb: 210, answers: [null] };
  const best = bestOf(reports.mien, later);
  assert.equal([best.frameMs, best.cropMs, best.peakRssMb, best.answers], [[21], [9], 210, [null]]);
  assert.is(bestOf(undefined, later), later);
});

test('without faces there is speed, and no accuracy is made up', () => {
  const summary = summarise(reports, []);
  assert.is(summary.aims.length, 2);
  assert.ok(summary.rows.every(({ ageMae, gender, expression }) => ageMae === null && gender === null && expression === null));
  assert.match(table(summary), /Mien +21\.0 ms +- +2\.00 +200 MB +- +- +- +-/);
});

test.run();
