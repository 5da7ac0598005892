/** Which rules hold, which can never, and what is played: without a page, without time. */
import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AGE_BANDS } from '../../../../core/src/people/age-bands.ts';
import { Audience, type Viewer } from '../../../../plugins/kiosk-screen/audience.ts';
import { Director } from '../../../../plugins/kiosk-screen/director.ts';
import { Rule, When } from '../../../../plugins/kiosk-screen/options.ts';
import { ageBands, neverShown, unknownZones } from '../../../../plugins/kiosk-screen/rule-faults.ts';
import { holds } from '../../../../plugins/kiosk-screen/rules.ts';
import { viewerOf } from '../../../../plugins/kiosk-screen/viewer.ts';
import { fakePerson, known } from '../../../support/fake-people.ts';

const test = suite('kiosk-screen: rules');
const noon = new Date(2026, 5, 1, 12, 0);
const when = (part: object): When => Value.Default(When, part) as When;
const rule = (part: object): Rule => Value.Default(Rule, { name: 'one', show: 'a.svg', ...part }) as Rule;
const viewer = (part: Partial<Viewer> = {}): Viewer => ({ id: 'p-aaaaa', ...part });
const child = viewer({ age: { years: 8, band: '0-12' }, attention: 'attending' });
const adult = viewer({ age: { years: 38, band: '35-44' }, attention: 'away', engagement: 'engaging', zone: 'near', expression: 'positive' });
const stranger = viewer();

const cases: ReadonlyArray<readonly [string, object, readonly Viewer[], boolean]> = [
  ['nothing is asked', {}, [], true],
  ['people.min', { people: { min: 2 } }, [adult], false],
  ['people.min', { people: { min: 2 } }, [adult, stranger], true],
  ['people.max 0: nobody', { people: { max: 0 } }, [], true],
  ['people.max 0: somebody', { people: { max: 0 } }, [stranger], false],
  ['alone', { group: 'alone' }, [adult], true],
  ['alone among two', { group: 'alone' }, [adult, child], false],
  ['alone where nobody is', { group: 'alone' }, [], false],
  ['group', { group: 'group' }, [adult, child], true],
  ['group of one', { group: 'group' }, [adult], false],
  ['a band of anybody', { ageBands: ['0-12'] }, [adult, child], true],
  ['a band of everybody', { who: 'everybody', ageBands: ['0-12'] }, [adult, child], false],
  ['everybody where nobody is', { who: 'everybody', minAge: 3 }, [], false],
  ['an age that is not known', { minAge: 1 }, [stranger], false],
  ['an age that one of all lacks', { who: 'everybody', minAge: 1 }, [adult, stranger], false],
  ['minAge', { minAge: 38 }, [adult], true],
  ['minAge, too young', { minAge: 38.1 }, [adult], false],
  ['maxAge', { maxAge: 8 }, [child], true],
  ['from to', { minAge: 9, maxAge: 30 }, [child, adult], false],
  ['attending', { attention: 'attending' }, [child], true],
  ['attending, who looks away', { attention: 'attending' }, [adult], false],
  ['one must meet everything', { attention: 'attending', minAge: 30 }, [child, adult], false],
  ['engagement', { engagement: ['engaged', 'engaging'] }, [adult], true],
  ['engagement, another', { engagement: ['engaged'] }, [adult], false],
  ['zone', { zone: 'near' }, [adult], true],
  ['zone, not told', { zone: 'near' }, [child], false],
  ['expression', { expression: 'positive' }, [adult], true],
  ['expression, withheld', { expression: 'positive' }, [child], false],
  ['hours', { hours: { from: '11:59', until: '12:01' } }, [], true],
  ['hours end before', { hours: { from: '08:00', until: '12:00' } }, [], false],
  ['hours over midnight', { hours: { from: '22:00', until: '06:00' } }, [], false],
  ['hours over midnight, all but the morning', { hours: { from: '12:00', until: '06:00' } }, [], true],
];
for (const [name, part, viewers, expected] of cases) {
  test(`holds: ${name}, ${viewers.length} there: ${expected}`, () => assert.is(holds(when(part), viewers, noon), expected));
}

test('of a person only what has settled or is not withheld counts; gender is not even read', () => {
  const whole = viewerOf({ ...fakePerson('p-aaaaa', known) } as never);
  assert.equal(whole, {
    ...{ id: 'p-aaaaa', age: { years: 34.2, band: '25-34' }, attention: 'away', engagement: 'disengaged', zone: 'mid', expression: 'positive' },
  });
  const withheld = { label: 'unknown', abstain: 'policy' } as const;
  const open = { ...known.age, stable: false } as typeof known.age;
  assert.equal(viewerOf({ id: 'p-aaaaa', age: open, expression: withheld } as never), { id: 'p-aaaaa' });
});

test('knows the bands of this Mien', () => assert.equal(ageBands, AGE_BANDS));

const all = ['person.presence', 'person.age', 'person.attention', 'person.position', 'person.expression'] as const;
const never: ReadonlyArray<readonly [object, RegExp]> = [
  [{ people: { min: 3, max: 2 } }, /people\.min 3 is more than people\.max 2/],
  [{ group: 'alone', people: { min: 2 } }, /nobody is alone among at least 2/],
  [{ group: 'alone', people: { max: 0 } }, /nobody is alone where nobody may be/],
  [{ group: 'group', people: { max: 1 } }, /at most 1 are no group/],
  [{ people: { max: 0 }, attention: 'attending' }, /for somebody and for nobody/],
  [{ minAge: 40, maxAge: 30 }, /minAge 40 is more than maxAge 30/],
  [{ ageBands: ['18-24'], minAge: 30 }, /no age is both/],
  [{ ageBands: ['18-25'] }, /no age band "18-25".* Did you mean "18-24"\?/],
  [{ expression: 'positve' }, /no expression "positve".* Did you mean "positive"\?/],
  [{ ageBands: ['0-12', '13-17'], expression: 'positive' }, /no expression is told of people who may be minors/],
  [{ maxAge: 12, expression: 'positive' }, /no expression is told of people who may be minors/],
  [{ hours: { from: '08:00', until: '08:00' } }, /end as they begin, at 08:00/],
];
for (const [part, why] of never) {
  test(`warns: ${JSON.stringify(part)}`, () => {
    const [warning, ...more] = neverShown([rule({ name: 'mine', when: part })], all);
    assert.match(warning ?? '', why);
    assert.match(warning ?? '', /^rule "mine": /);
    assert.equal(more, []);
  });
}

test('warns of what was not granted, and of a rule that another one always covers', () => {
  const rules = [
    rule({ name: 'by-age', when: { ageBands: ['65+'] } }),
    rule({ name: 'by-look', when: { engagement: ['engaged'] } }),
    rule({ name: 'by-place', when: { zone: 'near' } }),
    rule({ name: 'by-face', when: { expression: 'positive' } }),
  ];
  assert.equal(
    neverShown(rules, ['person.presence']).map((line) => /^rule "([a-z-]+)": it asks for .*, and (\S+) is not granted/.exec(line)?.slice(1)),
    [
      ['by-age', 'person.age'],
      ['by-look', 'person.attention'],
      ['by-place', 'person.position'],
      ['by-face', 'person.expression'],
    ],
  );
  assert.equal(neverShown(rules, all), []);
  const covering = rule({ name: 'ever', priority: 1 });
  assert.match(neverShown([covering, ...rules.slice(0, 1)], all).join(), /rule "by-age": "ever" always holds and has the higher priority/);
  assert.equal(neverShown([{ ...covering, priority: 0 }, ...rules], all), []);
});

test('sane rules give no warning', () => {
  const sane = [{}, { ageBands: ['25-34', '65+'], minAge: 30 }, { minAge: 70, ageBands: ['65+'] }, { people: { min: 1, max: 1 }, group: 'alone' }];
  assert.equal(
    neverShown(
      sane.map((part) => rule({ when: part })),
      all,
    ),
    [],
  );
});

test('zones are known after a visit only', () => {
  const rules = [rule({ name: 'door', when: { zone: 'dor' } }), rule({ when: { zone: 'near' } })];
  const [warning, ...more] = unknownZones(rules, ['near', 'mid', 'far', 'door']);
  assert.match(warning ?? '', /rule "door": the camera has no zone "dor", it has near, mid, far, door\. Did you mean "door"\?/);
  assert.equal(more, []);
});

/** A director with time in hand. */
function stage(rules: readonly Rule[]) {
  const director = new Director(['loop.svg'], rules);
  const shown = () => director.program.items.map(({ item, rule: because }) => `${because}:${item}`).join(' ');
  return {
    director,
    at: (s: number, viewers: readonly Viewer[], state: 'seeing' | 'lost' = 'seeing') => {
      director.decide({ viewers, sight: { state }, nowMs: s * 1000, wall: noon });
      return shown();
    },
  };
}

test('a rule counts when it has held for forS, and for holdS after', () => {
  const { at, director } = stage([rule({ name: 'one', when: { group: 'alone' }, forS: 1, holdS: 2 })]);
  assert.is(at(0, [adult]), 'default:loop.svg');
  assert.is(at(0.9, [adult]), 'default:loop.svg');
  // A gap begins it anew.
  assert.is(at(1, []), 'default:loop.svg');
  assert.is(at(1.1, [adult]), 'default:loop.svg');
  assert.is(at(2.1, [adult]), 'one:a.svg');
  const { id } = director.program;
  assert.is(at(4, []), 'one:a.svg');
  assert.is(at(4.05, [adult]), 'one:a.svg', 'a flicker is not seen');
  assert.is(director.program.id, id);
  assert.is(at(6.1, []), 'default:loop.svg');
});

test('the highest priority, equal ones in turn', () => {
  const quick = { forS: 0, holdS: 0 };
  const { at } = stage([
    rule({ name: 'low', when: { people: { min: 1 } }, ...quick }),
    rule({ name: 'x', when: { people: { min: 2 } }, show: ['x1.svg', 'x2.svg'], priority: 5, ...quick }),
    rule({ name: 'y', when: { people: { min: 3 } }, show: 'y.svg', priority: 5, ...quick }),
  ]);
  assert.is(at(0, [adult]), 'low:a.svg');
  assert.is(at(1, [adult, child]), 'x:x1.svg x:x2.svg');
  assert.is(at(2, [adult, child, stranger]), 'x:x1.svg y:y.svg x:x2.svg y:y.svg');
  assert.is(at(3, []), 'default:loop.svg');
});

test('blind: rules about people end at once, those about hours go on', () => {
  const { at } = stage([
    rule({ name: 'somebody', when: { people: { min: 1 } }, priority: 9, forS: 0, holdS: 600 }),
    rule({ name: 'nobody', when: { people: { max: 0 } }, priority: 8, forS: 0 }),
    rule({ name: 'noon', when: { hours: { from: '11:00', until: '13:00' } }, show: 'noon.svg', forS: 0 }),
  ]);
  assert.is(at(0, [adult]), 'somebody:a.svg');
  assert.is(at(1, [], 'lost'), 'noon:noon.svg');
  assert.is(at(2, []), 'nobody:a.svg');
});

test('by hand goes over all, for its time', () => {
  const { at, director } = stage([rule({ name: 'low', when: {}, forS: 0 })]);
  assert.is(at(0, []), 'low:a.svg');
  director.show('fire.svg', 5000);
  assert.is(at(1, [], 'lost'), 'by-hand:fire.svg');
  assert.is(director.program.urgent, true);
  assert.is(at(4.9, []), 'by-hand:fire.svg');
  assert.is(at(5, []), 'low:a.svg');
  assert.is(director.program.urgent, false);
});

test('what is seen is known as long as one camera tells something', () => {
  const audience = new Audience(10_000);
  assert.is(audience.sight(0).state, 'waiting');
  audience.see('left', [adult], 1000);
  audience.see('right', [child], 9000);
  assert.is(audience.viewers(10_000).length, 2);
  // The left one has become silent.
  assert.equal(audience.viewers(12_000), [child]);
  audience.lose('right', 'unplugged');
  assert.equal(audience.sight(12_000), { state: 'lost', reason: 'camera right: unplugged' });
  assert.equal(audience.viewers(12_000), []);
  audience.restore('right');
  assert.is(audience.sight(12_000).state, 'silent');
  audience.see('right', [], 12_500);
  assert.is(audience.sight(12_500).state, 'seeing');
});

test.run();
