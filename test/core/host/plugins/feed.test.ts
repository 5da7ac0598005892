import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FakeEnd, fakeEnd, subscribe } from '../../../support/attached-plugin.ts';
import { known } from '../../../support/fake-people.ts';
import { must } from '../../../support/must.ts';
import { times } from '../../../support/soak.ts';
import { trafficStage } from '../../../support/traffic-stage.ts';

const test = suite('feed of events');
const left = subscribe({ events: [{ name: 'person.left' }, { name: 'person.appeared' }] });
const sequences = (end: FakeEnd): number[] => end.of('event').map(({ event }) => Number(event.sequence));

test('events reach who subscribed, in order, as the grants let them be seen', () => {
  using stage = trafficStage();
  const full = stage.plugin('full');
  const narrow = stage.plugin('narrow', { grants: ['person.presence'] });
  const health = stage.plugin('health', { grants: ['device.health'] });
  for (const end of [full, narrow, health]) end.attached.receive(left);
  stage.people.appear('p-aaaaa', known);
  stage.people.update('p-aaaaa', { zone: 'near' });
  stage.people.leave('p-aaaaa');
  assert.equal(sequences(full), [1, 3]);
  assert.equal(sequences(narrow), [1, 3]);
  assert.equal(health.received, []);
  const [appeared] = narrow.of('event').map(({ event }) => event);
  const person = must(appeared && 'person' in appeared.data ? appeared.data.person : undefined);
  assert.equal(Object.keys(person).sort(), ['camera', 'id', 'returned', 'sinceMs', 'state']);
  assert.equal(full.of('event')[0]?.event, stage.bus.ring.at(0));
  assert.ok(stage.log.some((line) => line.includes('"health" may not use events person.left without person.presence: add')));
});

test('a filter is held against what the plugin may see: it tells nothing that the grants do not', () => {
  using stage = trafficStage();
  const adults = subscribe({ events: [{ name: 'person.appeared', filter: { person: { 'age.years': { min: 18 } } } }] });
  const may = stage.plugin('may');
  const mayNot = stage.plugin('may-not', { grants: ['person.presence'] });
  for (const end of [may, mayNot]) end.attached.receive(adults);
  stage.people.appear('p-aaaaa', known);
  assert.is(may.of('event').length, 1);
  assert.equal(mayNot.received, []);
});

test('at most 32 are under way; who lags by more than 256 gets the newest 64 and a count of the rest', () => {
  using stage = trafficStage();
  const slow = stage.plugin('slow');
  const other = stage.plugin('other');
  other.onMessage = (message) => message.type === 'event' && other.attached.receive({ type: 'taken', at: message.at });
  for (const end of [slow, other]) end.attached.receive(left);
  for (let n = 0; n < 300; n += 1) stage.people.appear(`p-${n}`);
  assert.is(slow.of('event').length, 32);
  assert.is(other.of('event').length, 300);
  slow.onMessage = (message) => message.type === 'event' && slow.attached.receive({ type: 'taken', at: message.at });
  for (const { at } of slow.of('event')) slow.attached.receive({ type: 'taken', at });
  const { delivered, dropped } = slow.attached.stats;
  assert.is(delivered + dropped, 300);
  assert.equal(sequences(slow).slice(-3), [298, 299, 300]);
  // Dropped when the lag came to 257: the head was at 289 then.
  assert.is(dropped, 289 - 64 - 32);
  assert.is(other.attached.stats.dropped, 0);
  assert.equal(slow.failures, []);
});

test('nothing is delivered before it has started, and what came meanwhile is not told to handlers', () => {
  using stage = trafficStage();
  const end = fakeEnd('late');
  const attached = stage.traffic.attach(end.plugin);
  attached.receive(left);
  stage.people.appear('p-aaaaa');
  assert.equal(end.received, []);
  attached.ready();
  assert.equal(end.received, []);
  stage.people.appear('p-bbbbb');
  assert.equal(sequences(end), [2]);
});

test('what an outbox keeps is never dropped for lag, and is delivered again after a crash', () => {
  using stage = trafficStage();
  const keeps = subscribe({ events: [{ name: 'person.appeared' }, { name: 'person.left' }], kept: ['person.left'] });
  const first = stage.plugin('sender');
  first.attached.receive(keeps);
  stage.people.appear('p-aaaaa');
  stage.people.leave('p-aaaaa');
  for (let n = 0; n < 400; n += 1) stage.people.appear(`p-${n}`);
  stage.people.leave('p-7');
  const [, firstLeft] = first.of('event');
  first.attached.receive({ type: 'taken', at: must(first.of('event')[0]).at });
  assert.is(first.attached.takenUpTo, must(firstLeft).at);
  first.attached.detach('it crashed');

  const resumeFrom = first.attached.takenUpTo;
  const again = fakeEnd('sender', { resumeFrom });
  const attached = stage.traffic.attach(again.plugin);
  assert.is(attached.takenUpTo, resumeFrom);
  attached.receive(keeps);
  attached.ready();
  assert.equal(
    again.of('event').map(({ event }) => event.type),
    ['mien.person.left.v1', 'mien.person.left.v1'],
  );
  for (const { at } of again.of('event')) attached.receive({ type: 'taken', at });
  assert.is(attached.takenUpTo, stage.bus.ring.head);
});

test('an event that only handlers have not taken does not bring kept ones back', () => {
  using stage = trafficStage();
  const end = stage.plugin('sender');
  end.attached.receive(subscribe({ events: [{ name: 'person.appeared' }], kept: ['person.left'] }));
  stage.people.appear('p-aaaaa');
  stage.people.leave('p-aaaaa');
  assert.is(end.attached.takenUpTo, 1);
  end.attached.receive({ type: 'taken', at: 1 });
  assert.is(end.attached.takenUpTo, 2);
});

test('kept events that fall out of the ring are counted and told', () => {
  using stage = trafficStage({ capacity: 300 });
  const stuck = stage.plugin('stuck');
  stuck.attached.receive(subscribe({ kept: ['person.appeared'] }));
  for (let n = 0; n < 500; n += 1) stage.people.appear(`p-${n}`);
  assert.is(stuck.attached.stats.delivered, 32);
  // The ring holds 300; the one that the next event takes the place of is given up too.
  assert.is(stuck.attached.stats.dropped, 500 - 32 - 299);
  assert.is(stage.log.filter((line) => line.includes('fell out of the ring')).length, 1);
  stuck.onMessage = (message) => message.type === 'event' && stuck.attached.receive({ type: 'taken', at: message.at });
  for (const { at } of stuck.of('event')) stuck.attached.receive({ type: 'taken', at });
  assert.is(stuck.attached.stats.delivered, 32 + 299);
});

test('a plugin that takes what it was not sent, or says nonsense, is failed once and heard no more', () => {
  const nonsense = [
    { type: 'taken', at: 0 },
    { type: 'taken', at: -1 },
    { type: 'taken', at: 'x' },
    { type: 'peopleTaken', camera: 'main' },
    { type: 'verdict', id: 1 },
    { type: 'result', id: 1 },
    { type: 'constructor' },
    { type: 'subscribe', subscriptions: { events: [{ name: 'person.teleported' }], beforeEmit: [], kept: [] } },
    { type: 'subscribe', subscriptions: { events: [{ name: 'person.left', filter: { person: 5 } }], beforeEmit: [], kept: [] } },
    { type: 'subscribe', subscriptions: { events: [{ name: 'person.left', filter: { cameras: ['x'.repeat(17_000)] } }], beforeEmit: [], kept: [] } },
  ];
  for (const message of nonsense) {
    using stage = trafficStage();
    const liar = stage.plugin('liar');
    liar.attached.receive(message as never);
    assert.is(liar.failures.length, 1, JSON.stringify(message));
    liar.attached.receive(left);
    stage.people.appear('p-aaaaa');
    assert.equal(liar.received, []);
    assert.is(liar.failures.length, 1);
  }
});

test('the same event is taken once', () => {
  using stage = trafficStage();
  const end = stage.plugin('twice');
  end.attached.receive(left);
  stage.people.appear('p-aaaaa');
  end.attached.receive({ type: 'taken', at: 0 });
  end.attached.receive({ type: 'taken', at: 0 });
  assert.equal(end.failures, ['said that event 0 is taken, which was not under way']);
});

test('property: order, window and counts hold for any interleaving', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 120 }) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('take' as const), plugin: fc.nat(2), pick: fc.nat(40), count: fc.integer({ min: 1, max: 40 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), plugin: fc.nat(2) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(300, 2000), (steps, capacity) => {
      using stage = trafficStage({ capacity });
      const attach = (name: string, resumeFrom?: number) => {
        const end = fakeEnd(name, resumeFrom === undefined ? {} : { resumeFrom });
        const attached = stage.traffic.attach(end.plugin);
        // The last one is an outbox; the others handle.
        attached.receive(name === 'p2' ? subscribe({ kept: ['person.appeared'] }) : subscribe({ events: [{ name: 'person.appeared' }] }));
        const from = resumeFrom ?? stage.bus.ring.head;
        attached.ready();
        return { end, attached, from, open: new Set<number>(), read: 0 };
      };
      const runs = ['p0', 'p1', 'p2'].map((name) => attach(name));
      const check = (): void => {
        for (const run of runs) {
          const events = run.end.of('event');
          for (; run.read < events.length; run.read += 1) {
            const at = must(events[run.read]).at;
            assert.ok(at > (events[run.read - 1]?.at ?? -1), 'order');
            run.open.add(at);
          }
          assert.ok(run.open.size <= 32, 'window');
          const { delivered, dropped } = run.attached.stats;
          const lag = stage.bus.ring.head - run.from - delivered - dropped;
          assert.is(delivered, events.length);
          assert.ok(lag >= 0 && lag <= (run.end.plugin.name === 'p2' ? capacity : 256), `lag ${lag}`);
          if (run.open.size < 32) assert.is(lag, 0, 'nothing waits while the window is open');
          assert.equal(run.end.failures, []);
        }
      };
      for (const one of steps) {
        if (one.do === 'publish') for (let n = 0; n < one.count; n += 1) stage.people.appear(`p-${n}`);
        const run = 'plugin' in one ? must(runs[one.plugin]) : undefined;
        if (one.do === 'take' && run) {
          for (let n = 0; n < one.count && run.open.size > 0; n += 1) {
            const at = must([...run.open][one.pick % run.open.size]);
            run.open.delete(at);
            run.attached.receive({ type: 'taken', at });
            check();
          }
        } else if (one.do === 'restart' && run) {
          run.attached.detach('restarts');
          const name = run.end.plugin.name;
          const oldestOpen = Math.min(
            ...run.open,
            stage.bus.ring.head - (stage.bus.ring.head - run.from - run.attached.stats.delivered - run.attached.stats.dropped),
          );
          if (name === 'p2') assert.is(run.attached.takenUpTo, oldestOpen, 'nothing kept is passed over');
          runs[one.plugin] = attach(name, name === 'p2' ? run.attached.takenUpTo : undefined);
        }
        check();
      }
    }),
    { numRuns: times(40) },
  );
});

test.run();
