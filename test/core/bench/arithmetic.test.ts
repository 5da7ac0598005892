import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budgets, type Figures, figureLines, rounded } from '../../../core/src/bench/figures.ts';
import { growthOf } from '../../../core/src/bench/host-memory.ts';
import { ratioOf } from '../../../core/src/bench/pipeline-ratio.ts';
import { parseRollup, processMemory } from '../../../core/src/bench/process-memory.ts';
import { median, quantile } from '../../../core/src/bench/quantile.ts';

const test = suite('bench arithmetic');

test('a quantile is the nearest value there is', () => {
  const values = [5, 1, 4, 2, 3];
  assert.is(median(values), 3);
  assert.is(quantile(values, 0), 1);
  assert.is(quantile(values, 0.2), 1);
  assert.is(quantile(values, 0.21), 2);
  assert.is(quantile(values, 1), 5);
  assert.is(median([1, 2]), 1);
  assert.equal(values, [5, 1, 4, 2, 3], 'the values are left as they were');
  assert.ok(Number.isNaN(median([])));
});

test('the ratio charges each frame with the runs that it made', () => {
  const bare = { detectorMs: 4, recognizerMs: 2 };
  const frames = [
    { totalMs: 12, detectorRuns: 2, recognizerRuns: 2 }, // 12 / 12
    { totalMs: 24, detectorRuns: 3, recognizerRuns: 2 }, // 24 / 16
    { totalMs: 10, detectorRuns: 1, recognizerRuns: 2 }, // 10 / 8
  ];
  assert.is(ratioOf(frames, bare), 1.25);
});

test('smaps_rollup is read in bytes, Pss apart from its parts', () => {
  const text =
    '55d0-7ffe ---p 00000000 00:00 0    [rollup]\nRss:               92480 kB\nPss:               61021 kB\nPss_Dirty:         50000 kB\nPss_Anon:  1 kB\n';
  assert.equal(parseRollup(text), { pss: 61_021 * 1024, rss: 92_480 * 1024 });
  assert.ok(Number.isNaN(parseRollup('').pss));
});

test('growth is what the RSS grew by, against the Pss: sharing with other processes is no growth', () => {
  const first = { frames: 500, hostPssMb: 60, sightPssMb: 140, hostRssMb: 100, sightRssMb: 180 };
  assert.is(growthOf(first, { ...first, hostPssMb: 80, sightPssMb: 150 }), 0);
  assert.is(growthOf(first, { ...first, hostRssMb: 101, sightRssMb: 182 }), 0.015);
});

test('this very process has memory, and its share is not above the whole', async () => {
  const { pss, rss } = await processMemory(process.pid);
  assert.ok(pss > 10e6 && pss <= rss, `pss ${pss}, rss ${rss}`);
});

const kept: Figures = {
  ratio: 1.3,
  framesPerSecond: 40,
  kernelSpeedup: 5,
  warpShare: 0.29,
  rssMb: 260,
  rssRawMb: 300,
  rssGrowth: -0.01,
  loopDelayP99Ms: 9.9,
};
const markOf = (figures: Figures, key: keyof Figures): string | undefined =>
  /(ok|OVER)$/.exec(figureLines(figures, budgets).find((line) => line.startsWith(`${key} `)) ?? '')?.[1];

test('each budget is kept up to its limit and over beyond it', () => {
  const over: Partial<Figures> = { ratio: 1.31, kernelSpeedup: 4.9, warpShare: 0.3, rssMb: 260.1, rssGrowth: 0.02, loopDelayP99Ms: 10 };
  for (const [key, value] of Object.entries(over) as Array<[keyof Figures, number]>) {
    assert.is(markOf(kept, key), 'ok', key);
    assert.is(markOf({ ...kept, [key]: value }, key), 'OVER', key);
  }
  assert.is(markOf(kept, 'framesPerSecond'), undefined);
  assert.equal(budgets.map(({ key }) => key).sort(), Object.keys(kept).sort(), 'every figure has its line');
});

test('figures are rounded to four digits at every depth', () => {
  assert.equal(rounded({ a: 1.23456, b: [0.000123456, 98765.4], c: { d: 'x', e: null } }), { a: 1.235, b: [0.0001235, 98770], c: { d: 'x', e: null } });
});

test.run();
