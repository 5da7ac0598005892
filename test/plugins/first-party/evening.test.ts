/**
 * One evening, 40 visitors, all first-party plugins at once in their shared process, each before its real counterpart. Virtual time goes on when all
 * have followed; at its end what each counterpart got is held against the ledger of the bus.
 */
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienEvent } from '../../../core/src/events.ts';
import { known } from '../../../core/src/plugin.ts';
import type { PeopleReport } from '../../../plugins/dialogue/reports.ts';
import type { Play } from '../../../plugins/kiosk-screen/play-log.ts';
import { type Evening, openEvening } from '../../support/evening.ts';
import { idOf, lineOf, name, ruleFor, rules } from '../../support/evening-script.ts';
import { firstPartyNames } from '../../support/first-party.ts';
import { requireMosquitto } from '../../support/mosquitto.ts';
import { MqttListener } from '../../support/mqtt-listener.ts';
import { must } from '../../support/must.ts';
import { patienceMs } from '../../support/plugin-host.ts';
import { descendantsOf, until } from '../../support/processes.ts';
import { requireSocat } from '../../support/pty-robot.ts';
import { heardIn } from '../../support/speech.ts';

requireSocat();
requireMosquitto();

const scenario = fileURLToPath(new URL('evening.yaml', import.meta.url));
const lost = { fromS: 203, untilS: 217 };
/** Seconds of the scenario: four people, nobody (no camera), two people, a family of three. */
const moments = [139, 216, 183, 425];

const test = suite('an evening with all first-party plugins');
let evening: Evening;
/** What the rules ask for, with when that began, by the clock of the device. */
const wanted: Array<{ readonly rule: string; readonly atWallMs: number }> = [];
const startedMs = performance.now();

const ofPeople = (): MienEvent[] => evening.ledger.filter(({ subject }) => subject.startsWith('person/'));
const visitors = (): string[] => evening.ledger.filter((event) => name(event) === 'person.appeared').map(idOf);
const rosId = (id: string): string => id.replace('p-', 'p_');
const ruleNow = (): string => ruleFor(evening.people(), evening.sight.isLost);

const isEvent = ({ topic }: { readonly topic: string }): boolean => topic.includes('/event/');

/** While the camera is away the robot stands still, and hears of nothing. */
function linesExpected(): string[] {
  return evening.ledger.flatMap((event) => {
    if (name(event) === 'camera.lost') return ['STOP'];
    return evening.lostWhile.has(event) || !event.subject.startsWith('person/') ? [] : [lineOf(event)];
  });
}
const linesTold = (): string[] => evening.robot.lines.filter((line) => line !== 'HB');

const rosIds = (topic: string): string[] => (evening.relay.told.findLast((one) => one.topic === `/humans/persons/${topic}`)?.msg['ids'] as string[]) ?? [];

/** Nobody is left behind: web server, broker and robot have every event, ROS tracks whoever came and has forgotten who left. */
let followed = 0;
async function follow(): Promise<void> {
  const rule = ruleNow();
  if (wanted.at(-1)?.rule !== rule) wanted.push({ rule, atWallMs: Date.now() });
  const fresh = evening.ledger.slice(followed);
  followed += fresh.length;
  if (fresh.length === 0) return;
  const { ledger, receiver, listener } = evening;
  await until('all events were posted', patienceMs, () => receiver.taken.length >= ledger.length);
  await until('all events are at the broker', patienceMs, () => listener.heard.filter(isEvent).length >= ledger.length);
  const lines = linesExpected().length;
  await until(`${lines} lines at the robot; there are ${JSON.stringify(linesTold().slice(-5))}`, patienceMs, () => linesTold().length >= lines);
  for (const event of fresh) {
    const id = rosId(event.subject.slice('person/'.length));
    if (name(event) === 'person.appeared') await until(`ROS tracks ${id}`, patienceMs, () => rosIds('tracked').includes(id));
    if (name(event) === 'person.left') await until(`ROS has forgotten ${id}`, patienceMs, () => !rosIds('known').includes(id));
  }
}

async function showsRule(rule: string): Promise<void> {
  const showing = async (): Promise<Play[]> => (await evening.run<{ showing: Play[] }>('kiosk-screen.status')).showing;
  await until(`the screen shows ${rule}`, patienceMs, async () => (await showing())[0]?.rule === rule);
  const item = rules.find((one) => one.name === rule)?.show;
  const source = await evening.page.locator('.layer.top.on > *').getAttribute('src');
  assert.ok(item === undefined || source?.endsWith(item), `${source} for ${rule}`);
}

/** Time stands still: every counterpart must come to say what is so. */
async function look(atS: number): Promise<void> {
  const people = evening.people();
  const state = (topic: string): string | undefined => evening.listener.last(`mien/mien/door/${topic}`);
  await showsRule(ruleNow());
  if (evening.sight.isLost) {
    await until('MQTT says that the camera is away', patienceMs, () => state('available') === 'offline');
    assert.match(must((await evening.run<{ silence: string | null }>('serial-robot.status')).silence), /camera door gives no pictures/);
    return;
  }
  assert.is(people.length, { 139: 4, 183: 2, 425: 3 }[atS]);
  const told = { people: people.length, watchers: people.filter(({ attention }) => attention?.state === 'attending').length };
  await until(
    `MQTT says ${JSON.stringify(told)}`,
    patienceMs,
    () => state('state/people') === `${told.people}` && state('state/watchers') === `${told.watchers}`,
  );
  assert.is(state('state/occupied'), 'ON');
  await until('ROS tracks them all', patienceMs, () =>
    same(
      rosIds('tracked'),
      people.map(({ id }) => rosId(id)),
    ),
  );
  const expected = people.map(({ id, age, gender, attention }) => [
    id,
    known(age)?.band ?? null,
    known(gender)?.label ?? null,
    attention?.state === 'attending',
  ]);
  let report: PeopleReport | undefined;
  const row = (one: PeopleReport['people'][number]) => [one.id, one.apparentAge?.band ?? null, one.apparentGender, one.isTurnedToDevice];
  await until('who_is_here is right', patienceMs, async () => {
    report = (await evening.client.client.callTool({ name: 'who_is_here' })).structuredContent as unknown as PeopleReport;
    return same(report.people.map(row).map(String), expected.map(String));
  }).catch((fault: Error) => assert.unreachable(`${fault.message}: ${JSON.stringify(report?.people.map(row))}, not ${JSON.stringify(expected)}`));
  assert.is(report?.isSimulated, true);
}

function same(some: readonly string[], others: readonly string[]): boolean {
  return JSON.stringify(some.toSorted()) === JSON.stringify(others.toSorted());
}

test.before(async () => {
  evening = await openEvening(scenario, lost);
});
test.after(async () => {
  await evening?.[Symbol.asyncDispose]();
});

test('it is played to its end, and at four moments all counterparts say what is so', async () => {
  await evening.client.client.subscribeResource({ uri: 'mien://people' });
  const begunMs = performance.now();
  await evening.sight.play(async (atS) => {
    await follow();
    if (moments.includes(atS)) await look(atS);
    if (atS === moments[0]) await evening.client.client.callTool({ name: 'say', arguments: { text: 'The doors are open.' } });
  });
  const seconds = (performance.now() - begunMs) / 1000;
  assert.is(visitors().length, 40);
  assert.is(new Set(visitors()).size, 40);
  assert.equal(evening.people(), []);
  assert.is(evening.ledger.filter((event) => name(event) === 'camera.lost').length, 1);
  console.log(`  (${evening.ledger.length} events in ${seconds.toFixed(1)} s; opened within ${((begunMs - startedMs) / 1000).toFixed(1)} s)`);
});

test('no plugin has lost an event, failed or warned without a reason', () => {
  const { plugins } = evening.mien;
  for (const plugin of firstPartyNames) {
    const { state, isolation, restarts, events } = plugins.status(plugin);
    assert.equal(
      { state, isolation, restarts, dropped: events.dropped, faults: events.faults },
      { state: 'running', isolation: 'shared', restarts: 0, dropped: 0, faults: 0 },
      plugin,
    );
  }
  assert.is(new Set(firstPartyNames.map((plugin) => plugins.status(plugin).pid)).size, 1);
  const warned = evening.log.filter(({ level }) => level === 'warn' || level === 'error').map(({ message }) => message);
  assert.equal(warned.sort(), ['nothing is seen: the default loop is shown', 'the robot is told to stop']);
  console.log(`  (their process: ${plugins.status('mqtt').rssMb} MB resident)`);
});

test('serial-robot: a line for each event, in order; a stop, and nothing more, while the camera was away', async () => {
  assert.equal(linesTold(), linesExpected());
  const { replaced, dropped } = await evening.run<{ replaced: number; dropped: number }>('serial-robot.status');
  assert.equal({ replaced, dropped }, { replaced: 0, dropped: [...evening.lostWhile].filter(({ subject }) => subject.startsWith('person/')).length });
  assert.ok(dropped > 0);
});

test('mqtt: every event once, unchanged, in the order of each person', () => {
  const heard = evening.listener.heard.filter(isEvent);
  const bySequence = heard.map(({ text }) => JSON.parse(text) as MienEvent).toSorted((a, b) => Number(a.sequence) - Number(b.sequence));
  assert.equal(bySequence, JSON.parse(JSON.stringify(evening.ledger)));
  for (const visitor of visitors()) {
    const sequences = heard.flatMap(({ text }) => ((event: MienEvent) => (idOf(event) === visitor ? [Number(event.sequence)] : []))(JSON.parse(text)));
    assert.equal(
      sequences,
      sequences.toSorted((a, b) => a - b),
      visitor,
    );
  }
  for (const { topic, text } of heard) assert.is(topic, `mien/mien/door/event/${name(JSON.parse(text))}`);
});

test('webhook: every event once, unchanged, in order', () => {
  assert.equal(
    evening.receiver.all.map(({ body }) => JSON.parse(body.toString())),
    JSON.parse(JSON.stringify(evening.ledger)),
  );
});

test('speech: who settled was greeted once, and what the language model said was heard', async () => {
  const settled = ofPeople().filter((event) => (event.data as { settled?: string[] }).settled?.includes('age'));
  const texts = [...new Set(settled.map(idOf))].map((id) => `Good evening, ${id}.`);
  assert.ok(texts.length >= 30 && texts.length < 40, `${texts.length} settled`);
  const all = texts.length + 1;
  const counts = async () => (await evening.run<{ counts: { said: number } }>('speech.status')).counts;
  await until('all is said', patienceMs, async () => (await counts()).said >= all);
  assert.equal(await counts(), { said: all, cut: 0, stale: 0, failed: 0 });
  assert.equal(evening.spoken().sort(), [...texts, 'The doors are open.'].sort());
  const played = heardIn(evening.playerLog);
  for (const what of ['first', 'heard', 'done'] as const) assert.is(played.filter((one) => one.what === what).length, all, what);
});

test('dialogue: notices came, at most one a second', () => {
  const { updates } = evening.client;
  assert.ok(updates.length >= 3, `${updates.length}`);
  assert.ok(updates.length <= (performance.now() - startedMs) / 1000 + 1, `${updates.length} notices`);
});

test('ros-bridge: everybody was tracked once, and is untracked; roslib has heard it', async () => {
  const tracked = evening.relay.told.filter(({ topic }) => topic === '/humans/persons/tracked').map(({ msg }) => msg['ids'] as string[]);
  assert.equal([...new Set(tracked.flat())].sort(), visitors().map(rosId).sort());
  assert.equal(tracked.at(-1), []);
  await until('roslib has heard all', patienceMs, () => evening.ros.heard.length >= tracked.length);
  assert.equal(
    evening.ros.heard.map(({ message }) => message['ids']),
    tracked,
  );
  assert.equal(
    [...evening.relay.topics.keys()].filter((topic) => /\/(persons|faces)\/[pf]_/.test(topic)),
    [],
  );
  assert.equal(evening.relay.faults, []);
});

test('kiosk-screen: what was shown began, ended, and was what the rules asked for', async () => {
  const { plays } = await evening.run<{ plays: Play[] }>('kiosk-screen.played', { newest: 1000 });
  assert.ok(plays.length < 1000);
  const itemsOf = (rule: string): readonly string[] =>
    rule === 'default' ? ['welcome.svg', 'hours.svg'] : [must(rules.find((one) => one.name === rule)).show];
  for (const [i, { item, rule, screen, begin, end, ended }] of plays.entries()) {
    const told = `${i} ${item} ${rule} ${begin} ${end} ${ended}`;
    assert.is(screen, 'door', told);
    assert.ok(itemsOf(rule).includes(item), told);
    if (i < plays.length - 1) assert.ok(end !== undefined && end >= begin && ['over', 'replaced'].includes(must(ended)), told);
    // The rules asked for it at some time since what was on before began; two before, since times of reports that were long on their way are late.
    const sinceMs = Date.parse(plays[Math.max(0, i - 2)]?.begin ?? begin) - 1000;
    const untilMs = Date.parse(end ?? begin);
    const asked = wanted.filter(({ atWallMs }, at) => atWallMs <= untilMs && (wanted[at + 1]?.atWallMs ?? Number.POSITIVE_INFINITY) >= sinceMs);
    assert.ok(i === 0 || asked.some((one) => one.rule === rule), `${told}: the rules asked for ${asked.map((one) => one.rule)}`);
  }
  const shown = new Set(plays.map(({ rule }) => rule));
  assert.equal([...shown].sort(), ['default', 'family', 'group', 'looks']);
  assert.equal(evening.pageFaults, []);
  console.log(`  (${plays.length} plays for ${wanted.length} changes of what the rules ask for)`);
});

test('Mien stops clean: the robot stands still, MQTT says so, nothing runs any more', async () => {
  const pid = must(evening.mien.plugins.status('mqtt').pid);
  await evening.stop();
  await until('their process is gone', patienceMs, () => !descendantsOf(process.pid).includes(pid));
  const expected = [...linesExpected(), 'STOP'];
  await until('the robot is told to stop', patienceMs, () => linesTold().length >= expected.length);
  assert.equal(linesTold(), expected);
  await using late = await MqttListener.open(evening.broker.url, 'mien/#');
  const retained = ['available', 'door/state/people', 'door/state/occupied', 'door/state/watchers'];
  await until('what is retained came', patienceMs, () => retained.every((topic) => late.last(`mien/mien/${topic}`) !== undefined));
  assert.equal(
    retained.map((topic) => late.last(`mien/mien/${topic}`)),
    ['offline', '0', 'OFF', '0'],
  );
  assert.ok(late.heard.every(({ retain, topic }) => retain && !topic.includes('/event/')));
  assert.is(evening.relay.clients.size, 1, 'roslib alone');
  assert.equal(
    evening.log.filter(({ message }) => /had to be killed|did not stop/.test(message)),
    [],
  );
});

test.run();
