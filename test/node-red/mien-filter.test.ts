import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Person } from '../../core/src/events.ts';
import mienFilter from '../../node-red-nodes/src/nodes/mien-filter.ts';
import { type FilterDef, readFilterDialog } from '../../node-red-nodes/src/person-conditions.ts';
import { fakePerson, known } from '../support/fake-people.ts';
import { fakeAnalysis } from '../support/fake-sight.ts';
import { openFlow, ownNode } from '../support/flow-helper.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('mien-filter');
const WITHIN_MS = 20_000;

const reading = (def: Partial<FilterDef>) => readFilterDialog({ id: 'filter', type: 'mien-filter', ...def });
/** 34.2 years, female at 0.93, positive at 0.71, mid at 1.4 m, quality 0.82. */
const anna = fakePerson('p-aaaaa', known);
const withheld = { label: 'unknown', abstain: 'policy' } as const;
/** Of nothing but the place is anything known. */
const child = fakePerson('p-bbbbb', { age: withheld, gender: withheld, expression: withheld, engagement: 'unknown', zone: 'near' });

const match: ReadonlyArray<[string, Partial<FilterDef>, Person, boolean]> = [
  ['an age within', { ageMin: 30, ageMax: '40' }, anna, true],
  ['an age at the bound', { ageMin: 34.2 }, anna, true],
  ['an age above', { ageMax: 34 }, anna, false],
  ['an age that is not known', { ageMin: 0 }, fakePerson('p-ccccc'), false],
  ['an age that is withheld', { ageMax: 120 }, child, false],
  ['a band of two', { bands: '18-24, 25-34' }, anna, true],
  ['another band', { bands: '35-44' }, anna, false],
  ['a band that is not sure enough', { bands: '25-34', leastP: 0.7 }, anna, false],
  ['a gender', { genders: 'female' }, anna, true],
  ['a gender, sure enough', { genders: 'female', leastP: '0.9' }, anna, true],
  ['a gender that is withheld', { genders: 'female, male' }, child, false],
  ['an expression', { expressions: 'positive' }, anna, true],
  ['an expression, not sure enough', { expressions: 'positive', leastP: 0.8 }, anna, false],
  ['a zone', { zones: 'near,mid' }, anna, true],
  ['a zone of who is withheld', { zones: 'near' }, child, true],
  ['a distance', { nearerM: 1.4 }, anna, true],
  ['a distance beyond', { nearerM: 1 }, anna, false],
  ['an engagement', { engagements: 'disengaged' }, anna, true],
  ['an engagement that is unknown', { engagements: 'engaged, disengaged' }, child, false],
  ['attention', { attention: 'away' }, anna, true],
  ['attention that is not', { attention: 'attending' }, anna, false],
  ['a camera', { cameras: 'main' }, anna, true],
  ['another camera', { cameras: 'door' }, anna, false],
  ['quality alone', { leastQuality: 0.8 }, anna, true],
  ['too little quality', { leastQuality: 0.9 }, anna, false],
  ['all of two, one fails', { genders: 'female', zones: 'near' }, anna, false],
  ['any of two', { combine: 'any', genders: 'female', zones: 'near' }, anna, true],
  ['any, but too little quality', { combine: 'any', genders: 'female', leastQuality: 0.9 }, anna, false],
];
for (const [what, def, person, expected] of match) test(what, () => assert.is(reading(def)(person), expected));

test('a face of an analysis is asked as far as it goes', () => {
  const [face] = fakeAnalysis.faces;
  assert.ok(face && reading({ genders: 'female', expressions: 'positive', ageMax: 40, leastP: 0.8 })({ ...face }));
  assert.not.ok(face && reading({ expressions: 'positive', leastP: 0.9 })({ ...face }));
  assert.not.ok(face && reading({ zones: 'near' })({ ...face }));
});

const refused: ReadonlyArray<[Partial<FilterDef>, RegExp]> = [
  [{}, /no condition/],
  [{ genders: ' , ' }, /no condition/],
  [{ ageMin: 'old' }, /least age is a number from 0 to 120, not "old"/],
  [{ ageMin: 50, ageMax: 40 }, /50 to 40/],
  [{ leastP: 2, genders: 'male' }, /probability is a number from 0 to 1/],
  [{ genders: 'unknown' }, /second output/],
];
for (const [def, why] of refused) test(`a dialog that says ${JSON.stringify(def)} is refused`, () => assert.throws(() => reading(def), why));

const flow = (def: object): object[] => [
  { id: 'filter', type: 'mien-filter', wires: [['yes'], ['no']], ...def },
  { id: 'yes', type: 'change', rules: [{ t: 'set', p: 'topic', to: 'yes', tot: 'str' }], wires: [['out']] },
  { id: 'no', type: 'change', rules: [{ t: 'set', p: 'topic', to: 'no', tot: 'str' }], wires: [['out']] },
];

test('an event goes whole to one output, a list is split over both, each message done once', async () => {
  using folder = new TemporaryFolder();
  await using run = await openFlow([mienFilter, ownNode('function/15-change')], flow({ genders: 'female' }), { userDir: folder.path });
  const got = async (n: number): Promise<unknown[]> => {
    await until(`${n} messages`, WITHIN_MS, () => run.messages.length >= n);
    return run.messages.splice(0).map(({ topic, payload, kept }) => ({ topic, payload, kept }));
  };
  run.send('filter', { payload: { person: anna, reason: 'timeout' }, kept: 1 });
  assert.equal(await got(1), [{ topic: 'yes', payload: { person: anna, reason: 'timeout' }, kept: 1 }]);
  run.send('filter', { payload: child });
  assert.equal(await got(1), [{ topic: 'no', payload: child, kept: undefined }]);
  run.send('filter', { payload: { camera: { name: 'main', message: 'unplugged' } } });
  assert.is(((await got(1))[0] as { topic: string }).topic, 'no');
  run.send('filter', { payload: [anna, child, 'nonsense'], kept: 2 });
  const both = await got(2);
  assert.equal(both, [
    { topic: 'yes', payload: [anna], kept: 2 },
    { topic: 'no', payload: [child, 'nonsense'], kept: 2 },
  ]);
  run.send('filter', { payload: { ...fakeAnalysis } });
  assert.equal(
    (await got(2)).map((msg) => (msg as { payload: { faces: unknown[]; width: number } }).payload).map(({ faces, width }) => [faces.length, width]),
    [
      [1, 640],
      [0, 640],
    ],
  );
  await until('the counts', WITHIN_MS, () => run.statuses('filter').at(-1)?.fill === 'green');
  await until('all done', WITHIN_MS, () => run.done.filter((id) => id === 'filter').length === 5);
  assert.is(run.faults.length, 0);
});

test('empty lists are held back when the dialog says so; what holds no people goes to Catch', async () => {
  using folder = new TemporaryFolder();
  await using run = await openFlow([mienFilter, ownNode('function/15-change')], flow({ genders: 'female', sendEmpty: false }), { userDir: folder.path });
  run.send('filter', { payload: [] });
  run.send('filter', { payload: [child] });
  for (const payload of [undefined, null, 7, 'anna', Buffer.from('x')]) run.send('filter', { payload });
  await until('five faults', WITHIN_MS, () => run.faults.length === 5);
  assert.ok(run.faults.every(({ code }) => code === 'INPUT_INVALID'));
  await until('one message', WITHIN_MS, () => run.messages.length === 1);
  assert.is(run.messages[0]?.topic, 'no');
});

test('a dialog without a condition: the node says so, and each message fails', async () => {
  using folder = new TemporaryFolder();
  await using run = await openFlow([mienFilter, ownNode('function/15-change')], flow({}), { userDir: folder.path });
  await until('its own fault', WITHIN_MS, () => run.faults.length === 1);
  run.send('filter', { payload: [anna] });
  await until("the message's", WITHIN_MS, () => run.faults.length === 2);
  assert.ok(run.faults.every(({ code }) => code === 'INPUT_INVALID'));
  assert.is(run.statuses('filter').at(-1)?.fill, 'red');
  assert.is(run.messages.length, 0);
});

test.run();
