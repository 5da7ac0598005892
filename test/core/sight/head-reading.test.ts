import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RecognizerNetwork } from '../../../core/src/inference/model-manifest.ts';
import { headLabels, interpolate, readHeads } from '../../../core/src/sight/head-reading.ts';
import { must } from '../../support/must.ts';

const reading = suite('head reading');

const heads: RecognizerNetwork['heads'] = {
  age: {
    output: 'a',
    unit: 'years',
    range: [0, 100],
    sd: [
      [10, 2],
      [30, 6],
      [60, 9],
    ],
  },
  gender: { output: 'g', activation: 'logit', labels: ['female', 'male'], temperature: 2, expectedCalibrationError: 0 },
  expression: {
    output: 'e',
    activation: 'logits',
    labels: ['negative', 'neutral', 'positive'],
    valence: [-1, 0, 1],
    temperature: 0.5,
    expectedCalibrationError: 0,
  },
};
const outputs = (a: number, g: number, e: number[]) => ({ a: Float32Array.of(a), g: Float32Array.of(g), e: Float32Array.from(e) });
const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

reading('applies temperature, activation and the sd table', () => {
  const { age, gender, expression } = readHeads(outputs(20, 2, [0, 1, 0.5]), heads);
  assert.equal(age, { years: 20, sd: 4 });
  near(gender?.[1] ?? 0, 1 / (1 + Math.exp(-1)));
  near((gender?.[0] ?? 0) + (gender?.[1] ?? 0), 1);
  const powers = [0, 2, 1].map(Math.exp);
  for (const [i, p] of must(expression).entries()) near(p, (powers[i] ?? 0) / powers.reduce((x, y) => x + y));
});

reading('keeps ages in range and the table at its ends', () => {
  assert.equal(readHeads(outputs(-3, 0, [0, 0, 0]), heads).age, { years: 0, sd: 2 });
  assert.equal(readHeads(outputs(140, 0, [0, 0, 0]), heads).age, { years: 100, sd: 9 });
  for (const [at, sd] of [
    [10, 2],
    [30, 6],
    [45, 7.5],
    [60, 9],
  ] as const)
    near(interpolate(must(heads.age).sd, at), sd);
  near(interpolate([[5, 3]], 50), 3);
});

reading('takes a probability as it comes, also a rounded one', () => {
  const gender = { ...must(heads.gender), activation: 'probability' as const, temperature: 1 };
  near(readHeads({ g: Float32Array.of(0.25) }, { gender }).gender?.[1] ?? 0, 0.25);
  for (const sure of [0, 1]) assert.ok(Math.abs((readHeads({ g: Float32Array.of(sure) }, { gender }).gender?.[1] ?? 9) - sure) < 1e-5);
});

reading('does not overflow', () => {
  const { expression } = readHeads(outputs(1, 80, [1000, -1000, 999]), heads);
  assert.ok(expression?.every(Number.isFinite));
});

reading('leaves out heads that are not bound, and keeps nothing of the outputs', () => {
  assert.equal(Object.keys(readHeads(outputs(1, 1, [0, 0, 0]), { age: must(heads.age) })), ['age']);
  assert.equal(headLabels({ gender: must(heads.gender) }), { gender: { labels: ['female', 'male'] } });
  const shared = outputs(30, 1, [1, 2, 3]);
  const sample = readHeads(shared, heads);
  const copy = structuredClone(sample);
  for (const data of Object.values(shared)) data.fill(0);
  assert.equal(sample, copy);
});

reading.run();
