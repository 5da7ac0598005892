import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bestLayout, figuresText, type MeasuredLayout, pairLayouts } from '../../../core/src/cli/tune-layouts.ts';
import { placesOf } from '../../../core/src/inference/layout.ts';

const test = suite('layouts that are tuned');

const measured = (...figures: Array<[number, number] | string>): MeasuredLayout[] =>
  figures.map((one, i) => ({
    name: `${i}`,
    detector: 'auto',
    recognizer: 'auto',
    ...(typeof one === 'string' ? { fault: one } : { figures: { framesPerSecond: one[0], p50Ms: one[1], p95Ms: one[1] * 2 } }),
  }));
const best = (...figures: Array<[number, number] | string>) => bestLayout(measured(...figures))?.name;

test('every layout exists on the chip, and the first is what is done without one', () => {
  for (const { detector, recognizer } of pairLayouts) assert.ok(placesOf(detector).length > 0 && placesOf(recognizer).length > 0);
  assert.equal([pairLayouts[0]?.detector, pairLayouts[0]?.recognizer], ['auto', 'auto']);
});

test('the most frames win; among equal ones the shortest frame; among equal ones again the first', () => {
  assert.is(best([100, 10], [120, 10], [90, 1]), '1');
  assert.is(best([100, 10], [101, 8]), '1');
  assert.is(best([100, 10], [101, 9.95]), '0');
  assert.is(best([98, 5], [100, 10], [90, 1]), '0');
});

test('what could not be measured is never the best', () => {
  assert.is(best('core 2 failed', [50, 10]), '1');
  assert.is(best('core 2 failed', 'no memory'), undefined);
});

test('figures in words', () => {
  const [good, bad] = measured([123.456, 7.891], 'core 2 failed') as [MeasuredLayout, MeasuredLayout];
  assert.is(figuresText(good), '123.5 frames/s, a frame 7.89 ms (p95 15.78)');
  assert.is(figuresText(bad), 'core 2 failed');
  assert.match(figuresText({ ...good, setAside: [2] }), '(p95 15.78); without core 2, which failed');
});

test.run();
