/** The parts of the dialogue plugin: wording, the board of people, notices, the rate. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Notices } from '../../../../plugins/dialogue/notices.ts';
import { type Change, type Guest, PeopleBoard } from '../../../../plugins/dialogue/people-board.ts';
import { Rate } from '../../../../plugins/dialogue/rate.ts';
import { peopleReport, sceneReport } from '../../../../plugins/dialogue/reports.ts';
import { ageWords, expressionWords, personWords, provenanceWords } from '../../../../plugins/dialogue/wording.ts';
import { fakePerson } from '../../../support/fake-people.ts';
import { patienceMs } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';

const parts = suite('dialogue: parts');

const aged = (years: number, sd = 4) =>
  fakePerson('p-aaaaa', { age: { years, sd, p05: years - 2 * sd, p95: years + 2 * sd, band: '', bandP: 1, minorP: 0, n: 9, stable: true } });
const faced = (label: string) => fakePerson('p-aaaaa', { expression: { label, p: 0.9, probs: {}, valence: 0, n: 9, stable: true } });

parts('ages are appearances: decades, a range where it is unsure, nothing finer for who may be a minor', () => {
  const words = [3, 17.9, 18, 19.9, 20, 39.9, 40, 79.9, 80, 99].map((years) => ageWords(aged(years)));
  assert.equal(words, [
    'appears to be under 18',
    'appears to be under 18',
    'appears to be in their late teens',
    'appears to be in their late teens',
    'appears to be in their twenties',
    'appears to be in their thirties',
    'appears to be in their forties',
    'appears to be in their seventies',
    'appears to be over eighty',
    'appears to be over eighty',
  ]);
  assert.is(ageWords(aged(34, 9)), 'appears to be somewhere between 16 and 52');
  assert.is(ageWords(fakePerson('p-aaaaa', { age: { label: 'unknown', abstain: 'policy' } })), undefined);
  assert.is(ageWords(fakePerson('p-aaaaa')), undefined);
});

parts('a face is described, a feeling never', () => {
  assert.equal(
    ['positive', 'neutral', 'negative'].map((label) => expressionWords(faced(label))),
    ['appears to smile', 'has a face that appears neutral', 'has a face that appears negative'],
  );
  const all = ['positive', 'neutral', 'negative'].map((label) => personWords({ person: faced(label) })).join(' ');
  assert.not.match(all, /happy|sad|angry|feel|mood|emotion/i);
});

parts('out of sight, stale, simulated: said so', () => {
  assert.match(personWords({ person: fakePerson('p-aaaaa', { state: 'unseen' }) }), 'was here a moment ago and is out of sight now');
  assert.is(provenanceWords(200, false), 'Observed 0.2 s ago.');
  assert.is(provenanceWords(3000, undefined), 'Observed 3 s ago.');
  assert.is(provenanceWords(12_000, undefined), 'No camera has been heard of for 12 s: this may be out of date.');
  assert.is(provenanceWords(300_000, undefined), 'No camera has been heard of for 5 min: this may be out of date.');
  assert.match(provenanceWords(200, true), 'These are virtual people of a simulation; no camera saw them.');
});

parts('the board: from events and snapshots, of several cameras, with how old each is', () => {
  let now = 1000;
  const board = new PeopleBoard(() => now);
  const changes: Change[] = [];
  const listening = board.listen((change) => changes.push(change));
  assert.equal([board.people(), board.observedMsAgo], [[], undefined]);
  const ann = fakePerson('p-annnn', { sinceMs: 500 });
  board.change('appeared', ann, true);
  now = 2000;
  board.snapshot([fakePerson('p-bbbbb', { camera: 'door', sinceMs: 9000 })], 'door');
  now = 2500;
  assert.equal(
    board.people().map(({ person, observedMsAgo, isSimulated }) => [person.id, observedMsAgo, isSimulated]),
    [
      ['p-bbbbb', 500, undefined],
      ['p-annnn', 1500, true],
    ],
  );
  assert.is(board.observedMsAgo, 500);
  assert.is(peopleReport(board).report.isSimulated, true);
  board.snapshot([], 'door');
  board.change('left', ann, true);
  assert.equal(board.people(), []);
  assert.equal(board.recent, { came: 1, left: 1 });
  now += 60_001;
  assert.equal(board.recent, { came: 0, left: 0 });
  listening[Symbol.dispose]();
  board.change('appeared', ann, true);
  assert.equal(
    changes.map(({ kind }) => kind),
    ['appeared', 'left'],
  );
});

parts('a crowd is counted, and not told one by one to its end', () => {
  const board = new PeopleBoard();
  board.snapshot(
    Array.from({ length: 50 }, (_, at) => fakePerson(`p-${String(at).padStart(5, '0')}`, { zone: at < 10 ? 'near' : '__proto__' })) as Guest[],
    'main',
  );
  const { text, report } = peopleReport(board);
  assert.equal([report.count, report.people.length], [50, 20]);
  assert.match(text, '30 more are not told one by one.');
  const scene = sceneReport(board).report;
  assert.equal(Object.entries(scene.zones ?? {}), [
    ['near', 10],
    ['__proto__', 40],
  ]);
});

parts('notices: at once, then at most one in each span, the last change always; held while the client does not read', async () => {
  const sent: string[] = [];
  let canSend = true;
  using notices = new Notices({ send: (uri) => void sent.push(uri), canSend: () => canSend, leastMs: 60, mostSubscriptions: 2 });
  notices.changed('a');
  assert.equal(sent, [], 'nobody subscribed');
  assert.equal([notices.subscribe('a'), notices.subscribe('b'), notices.subscribe('a'), notices.subscribe('c')], [true, true, true, false]);
  for (let at = 0; at < 1000; at += 1) notices.changed('a');
  assert.equal(sent, ['a']);
  await until('the last change', patienceMs, () => sent.length === 2);
  canSend = false;
  notices.changed('b');
  assert.is(sent.includes('b'), false);
  canSend = true;
  await until('it reads again', patienceMs, () => sent.includes('b'));
  notices.gone('b');
  await until('b is told for the last time', patienceMs, () => sent.filter((uri) => uri === 'b').length === 2);
  assert.is(notices.size, 1);
  notices.changed('b');
  notices.unsubscribe('a');
  notices.changed('a');
  assert.equal([notices.size, sent.length], [0, 4]);
});

parts('the rate: a burst, then so many a second', () => {
  let nowMs = 0;
  const rate = new Rate({ perSecond: 10, burst: 3, now: () => nowMs });
  const taken = (count: number) => Array.from({ length: count }, () => rate.take()).filter(Boolean).length;
  assert.is(taken(10), 3);
  nowMs = 200;
  assert.is(taken(10), 2);
  nowMs = 100_000;
  assert.is(taken(10), 3);
});

parts.run();
