import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Evidence } from '../../../core/src/people/evidence.ts';
import { face, heads, testConfig } from '../../support/observations.ts';

const config = testConfig();

const evidence = suite('evidence');

function shown(sample: { years: number; male: number; n?: number; sd?: number }, into = new Evidence(config), from = 0): Evidence {
  const { years, male, n = 10, sd = 6 } = sample;
  for (let i = 0; i < n; i++) {
    into.add(face(1, { sample: { age: { years, sd }, gender: [1 - male, male], expression: [0.05, 0.05, 0.9] } }), heads, from + i * 100);
  }
  return into;
}

evidence('withholds gender and expression where P(age < 18) is over 0.2', () => {
  for (const [years, withheld] of [
    [14, true],
    [20, true],
    [26, false],
  ] as const) {
    const it = shown({ years, male: 0.97, n: 30 });
    const { age: estimate, gender: g, expression: e } = it.attributes(heads, 2900);
    assert.ok(estimate && 'minorP' in estimate);
    assert.is(estimate.minorP > 0.2, withheld, `${years}: ${estimate.minorP}`);
    assert.is(JSON.stringify(g), withheld ? '{"label":"unknown","abstain":"policy"}' : JSON.stringify(g && 'p' in g ? g : null));
    assert.is(JSON.stringify(e), withheld ? '{"label":"unknown","abstain":"policy"}' : JSON.stringify(e && 'p' in e ? e : null));
  }
});

evidence('who counted as a likely minor does so until P(age < 18) falls under the release, which is configurable', () => {
  const between = (overrides: object): boolean[] => {
    const it = shown({ years: 20, male: 0.97, n: 30 }, new Evidence(testConfig({ attributes: overrides })));
    assert.ok(it.minor);
    const met: boolean[] = [];
    for (let t = 3000; t < 20_000; t += 100) {
      shown({ years: 27, male: 0.97, n: 1 }, it, t);
      const p = it.age.minorP;
      if (p <= 0.2 && p > 0.15) met.push(it.minor);
      if (p <= 0.15) assert.not(it.minor);
    }
    assert.ok(met.length > 2, 'P passed between release and threshold');
    return met;
  };
  assert.ok(between({}).every(Boolean));
  assert.not(between({ minorReleaseP: 0.2 }).some(Boolean));
  assert.not(between({ minorReleaseP: 0.9 }).some(Boolean), 'never released later than flagged');
});

evidence('tells no switch of expression of a likely minor', () => {
  const it = shown({ years: 12, male: 0.9, n: 30 });
  let told = 0;
  for (let i = 0; i < 60; i++) {
    if (it.add(face(1, { sample: { age: { years: 12, sd: 6 }, gender: [0.1, 0.9], expression: [0.9, 0.05, 0.05] } }), heads, 3000 + i * 100)) told += 1;
  }
  assert.is(told, 0);
});

evidence('withholds gender and expression while a bound age head has not spoken', () => {
  const it = new Evidence(config);
  for (let i = 0; i < 20; i++) it.add(face(1, { sample: { gender: [0.02, 0.98], expression: [0, 0, 1] } }), heads, i * 100);
  const { age: a, gender: g, expression: e } = it.attributes(heads, 2000);
  for (const field of [a, g, e]) assert.equal(field, { label: 'unknown', abstain: 'low_confidence' });
  assert.ok('p' in (it.attributes({ gender: heads.gender as never }, 2000).gender as object), 'without an age head there is no such rule');
});

evidence('a head that is not bound is absent', () => {
  assert.equal(Object.keys(shown({ years: 40, male: 0.9 }).attributes({ age: { unit: 'years' } }, 1000)), ['age']);
});

evidence('a sample under the gate does not count, and the reason is given', () => {
  const it = new Evidence(config);
  for (let i = 0; i < 20; i++) it.add(face(1, { px: 40, quality: { facePx: 40 } }), heads, i * 100);
  assert.is(it.age.n, 0);
  assert.equal(it.attributes(heads, 2000).age, { label: 'unknown', abstain: 'too_small' });
});

evidence('other class names make earlier counts void', () => {
  const it = shown({ years: 40, male: 0.97, n: 10 });
  assert.is(it.gender.n, 10);
  it.add(face(1), { ...heads, gender: { labels: ['male', 'female'] } }, 1100);
  assert.is(it.gender.n, 1);
});

evidence('tells faces apart by age and by gender, and does not guess', () => {
  const a = (): Evidence => shown({ years: 34, male: 0.97, n: 20 });
  assert.is(a().compare(shown({ years: 36, male: 0.97 })), 'same');
  assert.is(a().compare(shown({ years: 50, male: 0.97 })), 'other');
  assert.is(a().compare(shown({ years: 34, male: 0.03 })), 'other');
  assert.is(a().compare(shown({ years: 34, male: 0.97, n: 2 })), 'undecided');
  assert.is(new Evidence(config).compare(a()), 'undecided');
});
/** Its age was read `ages` times, then never again; its gender ten times. */
function scarcelyAged(ages: number, { years, male }: { years: number; male: number }): Evidence {
  const it = shown({ years, male, n: ages });
  for (let i = ages; i < 10; i++) it.add(face(1, { sample: { gender: [1 - male, male] } }), heads, i * 100);
  return it;
}

evidence('where age has no say, genders that lean apart do not make the same face', () => {
  const her = scarcelyAged(1, { years: 26, male: 0.1 });
  assert.is(her.compare(shown({ years: 26, male: 0.6, n: 3 })), 'undecided', 'leans the other way, not surely');
  assert.is(her.compare(shown({ years: 26, male: 0.4, n: 3 })), 'same');
  const aged = shown({ years: 26, male: 0.1 });
  assert.is(aged.compare(shown({ years: 26, male: 0.6, n: 3 })), 'same', 'age decides where it has a say');
});

evidence('an age read too seldom to be compared is not handed on', () => {
  for (const [ages, n] of [
    [2, 10],
    [3, 13],
  ] as const) {
    const him = scarcelyAged(ages, { years: 40, male: 0.9 });
    const later = shown({ years: 45, male: 0.9 });
    assert.is(him.compare(later), 'same');
    him.merge(later);
    assert.is(him.age.n, n);
    assert.is(him.age.years === 45, ages === 2);
    assert.is(him.gender.n, 20);
  }
});
evidence.run();
