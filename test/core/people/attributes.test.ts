import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { normalBelow } from '../../../core/src/age-distribution.ts';
import { AGE_BANDS, bandProbability, likeliestBand } from '../../../core/src/people/age-bands.ts';
import { AgeFilter } from '../../../core/src/people/age-filter.ts';
import { GenderFilter } from '../../../core/src/people/gender-filter.ts';
import { testConfig } from '../../support/observations.ts';

const rules = testConfig().attributes;

const age = suite('age filter');

function aged(years: number, { n, sd = 6, quality = 1, stepMs = 66 }: { n: number; sd?: number; quality?: number; stepMs?: number }): AgeFilter {
  const filter = new AgeFilter(rules);
  for (let i = 0; i < n; i++) filter.add({ years, sd }, quality, i * stepMs);
  return filter;
}

age('says nothing before the first sample', () => assert.is(new AgeFilter(rules).estimate(), undefined));

age('settles at 8 weighted samples, not at 7', () => {
  assert.not(aged(34, { n: 7 }).settled);
  assert.ok(aged(34, { n: 8 }).settled);
  assert.not(aged(34, { n: 15, quality: 0.5 }).settled);
  assert.ok(aged(34, { n: 16, quality: 0.5 }).settled);
});

age('does not settle while the sd is 6 years or more, or 15 % of the age where that is more', () => {
  for (const [years, sd, limit] of [
    [30, 9, 6],
    [40, 9, 6],
    [70, 15.5, 10.5],
  ] as const) {
    const wide = aged(years, { n: 200, sd });
    assert.ok(Math.abs(wide.sdLimit - limit) < 1e-9, `${wide.sdLimit}`);
    assert.ok(wide.sd >= limit && wide.sd < limit + 1, `${wide.sd}`);
    assert.not(wide.settled, `${years}`);
    assert.ok(aged(years, { n: 200, sd: sd - 1 }).settled, `${years}`);
  }
});

age('the share is configurable; none leaves the 6 years alone', () => {
  const filter = new AgeFilter({ ...rules, ageSdShare: 0 });
  for (let i = 0; i < 200; i++) filter.add({ years: 70, sd: 9 }, 1, i * 66);
  assert.ok(filter.sd > 6);
  assert.not(filter.settled);
});

age('never claims more than the network knows of one face, however many frames', () => {
  const many = aged(40, { n: 100_000, sd: 6, stepMs: 10 });
  assert.ok(many.sd > 6 * Math.sqrt(0.5), `sd ${many.sd}`);
  assert.ok(many.sd < aged(40, { n: 2, sd: 6 }).sd);
});

age('frames of the same instant count once', () => {
  assert.is(aged(40, { n: 50, stepMs: 0 }).sd, aged(40, { n: 1 }).sd);
  assert.ok(aged(40, { n: 5, stepMs: 1000 }).sd < aged(40, { n: 5, stepMs: 33 }).sd, 'samples further apart say more');
});

age('scattered samples widen the estimate', () => {
  const filter = new AgeFilter(rules);
  for (let i = 0; i < 20; i++) filter.add({ years: i % 2 ? 20 : 60, sd: 6 }, 1, i * 66);
  assert.ok(filter.sd > aged(40, { n: 20 }).sd + 1);
});

age('better samples weigh more', () => {
  const filter = new AgeFilter(rules);
  filter.add({ years: 30, sd: 6 }, 0.9, 0);
  filter.add({ years: 60, sd: 6 }, 0.1, 5000);
  assert.ok(Math.abs(filter.years - 33) < 0.2, `${filter.years}`);
});

age('the settled band holds until another has 0.65 against it for 2 s', () => {
  const filter = aged(33, { n: 60, sd: 3 });
  assert.is(filter.estimate()?.band, '25-34');
  const start = 60 * 66;
  let t = start;
  let challengedAt: number | null = null;
  for (; t < start + 60_000; t += 66) {
    filter.add({ years: 42, sd: 3 }, 1, t);
    const p = (band: string): number => bandProbability(AGE_BANDS.indexOf(band), filter.years, filter.sd);
    const strong = p('35-44') >= 0.65 * (p('35-44') + p('25-34')) && likeliestBand(filter.years, filter.sd) === AGE_BANDS.indexOf('35-44');
    if (strong) challengedAt ??= t;
    if (filter.estimate()?.band !== '25-34') break;
    assert.ok(challengedAt === null || t - challengedAt < 2000, 'it turns over after 2 s');
  }
  assert.is(filter.estimate()?.band, '35-44');
  assert.ok(challengedAt !== null && t - challengedAt >= 2000, 'not before');
});

age('an unconvincing neighbour never takes the band', () => {
  const filter = aged(34, { n: 60, sd: 6 });
  for (let i = 60; i < 2000; i++) filter.add({ years: 35.2, sd: 6 }, 1, i * 66);
  assert.is(filter.estimate()?.band, '25-34');
});

age('a band that settled on wide readings follows the mean, and does not flicker on a border', () => {
  const filter = aged(50, { n: 60, sd: 8.5 });
  assert.ok(filter.settled && filter.sd > 5.5, 'too wide for any band of ten years to have 0.65 of everything');
  assert.is(filter.estimate()?.band, '45-54');
  let t = 60 * 66;
  for (let i = 0; i < 900; i++, t += 66) filter.add({ years: 60, sd: 8.5 }, 1, t);
  assert.is(filter.estimate()?.band, '55-64');
  let turns = 0;
  let band = '55-64';
  for (let i = 0; i < 9000; i++, t += 66) {
    filter.add({ years: 55 + 3 * Math.sin(i / 300), sd: 8.5 }, 1, t);
    const now = filter.estimate()?.band ?? '';
    if (now !== band) turns += 1;
    band = now;
  }
  assert.ok(turns <= 1, `${turns} turns`);
});

age('numbers that are none are left out', () => {
  const filter = aged(34, { n: 3 });
  for (const bad of [
    { years: Number.NaN, sd: 6 },
    { years: 50, sd: 0 },
    { years: 50, sd: Number.POSITIVE_INFINITY },
  ])
    filter.add(bad, 1, 500);
  filter.add({ years: 90, sd: 6 }, 0, 500);
  assert.is(filter.n, 3);
  assert.is(filter.years, 34);
});

age('merging equals having seen it all', () => {
  const merged = aged(30, { n: 10 });
  merged.merge(aged(30, { n: 10 }));
  assert.is(merged.n, 20);
  assert.is(merged.years, 30);
  assert.ok(merged.sd < aged(30, { n: 10 }).sd);
});

age('bands are a partition and the normal is one', () => {
  for (const [mean, sd] of [
    [5, 3],
    [24.9, 5],
    [70, 12],
  ] as const) {
    const sum = AGE_BANDS.reduce((total, _, band) => total + bandProbability(band, mean, sd), 0);
    assert.ok(Math.abs(sum - 1) < 1e-6);
  }
  assert.ok(Math.abs(normalBelow(1.645, 0, 1) - 0.95) < 1e-4);
  assert.ok(Math.abs(normalBelow(0, 0, 1) - 0.5) < 1e-6);
});
age.run();

const gender = suite('gender filter');

function gendered(
  male: number,
  { n, stepMs = 66, from = 0, filter = new GenderFilter(rules) }: { n: number; stepMs?: number; from?: number; filter?: GenderFilter },
): GenderFilter {
  for (let i = 0; i < n; i++) filter.add([1 - male, male], 0.9, from + i * stepMs);
  return filter;
}

gender('commits at 5 samples, not at 4', () => {
  assert.is(gendered(0.97, { n: 4 }).label, -1);
  assert.is(gendered(0.97, { n: 5 }).label, 1);
  assert.is(gendered(0.03, { n: 5 }).label, 0);
});

gender('commits at 0.85, not under it', () => {
  // Two independent readings at most: logit(0.85) / 2 = logit(0.704).
  assert.is(gendered(0.69, { n: 500 }).label, -1);
  assert.is(gendered(0.72, { n: 500 }).label, 1);
});

gender('many correlated frames never make it certain', () => {
  const p = gendered(0.8, { n: 10_000, stepMs: 20 }).p(1);
  assert.ok(p < 0.942, `two readings of 0.8 make 0.941, got ${p}`);
});

gender('turns over only at 0.95 held for 3 s', () => {
  const filter = gendered(0.03, { n: 10 });
  let strongAt: number | null = null;
  let t = 10 * 66;
  for (; t < 60_000 && filter.label === 0; t += 66) {
    filter.add([0.02, 0.98], 0.9, t);
    if (filter.p(1) >= 0.95) strongAt ??= t;
  }
  assert.is(filter.label, 1);
  assert.ok(strongAt !== null && t - 66 - strongAt >= 3000);
});

gender('a weak opposite never turns it over', () => {
  const filter = gendered(0.03, { n: 10 });
  gendered(0.8, { n: 3000, from: 1000, filter });
  assert.is(filter.label, 0);
  assert.ok(filter.p(0) < 0.5, 'and it says so');
});

gender('a gap in the samples breaks the hold', () => {
  const filter = gendered(0.03, { n: 10 });
  gendered(0.995, { n: 40, stepMs: 100, from: 1000, filter });
  const label = filter.label;
  assert.is(label, 0);
  filter.add([0.005, 0.995], 0.9, 60_000);
  assert.is(filter.label, 0, 'one sample a minute later does not count the minute');
});
gender.run();
