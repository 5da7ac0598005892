import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Grant, MienEvent } from '../../../../core/src/events.ts';
import type { TrafficToPlugin } from '../../../../core/src/plugin-messages.ts';
import { subscribe } from '../../../support/attached-plugin.ts';
import { known } from '../../../support/fake-people.ts';
import { must } from '../../../support/must.ts';
import { until } from '../../../support/processes.ts';
import { times } from '../../../support/soak.ts';
import { type TrafficStage, trafficStage } from '../../../support/traffic-stage.ts';

const test = suite('gate of beforeEmit');
const names = ['person.appeared', 'person.updated', 'person.left'] as const;
const asks = subscribe({ beforeEmit: [...names] });
type Emit = Extract<TrafficToPlugin, { type: 'emit' }>;

/** Asked before every event about somebody; answers what `judge` gives, at once. */
function interceptor(
  stage: TrafficStage,
  name: string,
  judge: (emit: Emit) => { veto?: boolean; extra?: Record<string, unknown> } | undefined,
  grants?: readonly Grant[],
) {
  const end = stage.plugin(name, grants && { grants });
  end.onMessage = (message) => {
    if (message.type !== 'emit') return;
    const verdict = judge(message);
    if (verdict) end.attached.receive({ type: 'verdict', id: message.id, ...verdict });
  };
  end.attached.receive(asks);
  return end;
}
/** An event of the device. */
function lose(stage: TrafficStage, n: number): void {
  const why = { rule: 'camera.lost', heldMs: 0, thresholds: {} };
  stage.people.emit('camera.lost', `camera/p-${n}`, { why, camera: { name: 'main', message: 'gone' } });
}
const events = (stage: TrafficStage): MienEvent[] => Array.from({ length: stage.bus.ring.head }, (_, at) => must(stage.bus.ring.at(at)));

test('without interceptors an event is on the bus when publish returns, and it is the same object', () => {
  using stage = trafficStage();
  const event = stage.people.appear('p-aaaaa');
  assert.is(stage.bus.ring.at(0), event);
});

test('a veto holds an event back, and what follows moves up: no gap in sequence or id', () => {
  using stage = trafficStage();
  const guard = interceptor(stage, 'guard', ({ event }) => ({ veto: event.subject === 'person/p-bbbbb' }));
  for (const id of ['p-aaaaa', 'p-bbbbb', 'p-ccccc']) stage.people.appear(id);
  assert.equal(stage.out, [1, 2]);
  assert.equal(
    events(stage).map(({ subject, id }) => [subject, id.slice(-2)]),
    [
      ['person/p-aaaaa', '-1'],
      ['person/p-ccccc', '-2'],
    ],
  );
  assert.is(guard.attached.stats.vetoed, 1);
});

test('a veto also holds back an update of which the guard sees nothing', () => {
  using stage = trafficStage();
  const asked: unknown[] = [];
  const judge = ({ event }: Emit) => {
    if ('changed' in event.data) asked.push([event.data.changed, Object.keys(event.data.person).includes('age')]);
    return { veto: event.subject === 'person/p-aaaaa' };
  };
  interceptor(stage, 'guard', judge, ['person.presence']);
  for (const id of ['p-aaaaa', 'p-bbbbb']) {
    stage.people.appear(id);
    stage.people.update(id, known, ['age']);
  }
  const nothing = [[], false];
  assert.equal(asked, [nothing, nothing]);
  assert.equal([...new Set(events(stage).map(({ subject }) => subject))], ['person/p-bbbbb']);
  assert.is(stage.out.length, 2);
});

test('what plugins add stands under their names, and is seen by whom holds what the adder held', () => {
  using stage = trafficStage();
  const full = stage.plugin('full');
  const narrow = stage.plugin('narrow', { grants: ['person.presence'] });
  for (const end of [full, narrow]) end.attached.receive(subscribe({ events: [{ name: 'person.appeared' }] }));
  interceptor(stage, 'one', () => ({ extra: { seat: 4 } }));
  interceptor(stage, 'two', () => ({ extra: {} }));
  interceptor(stage, 'three', () => ({ extra: { text: 'x'.repeat(4097) } }));
  stage.people.appear('p-aaaaa');
  assert.equal(full.of('event')[0]?.event.data.extra, { one: { seat: 4 } });
  assert.is(narrow.of('event')[0]?.event.data.extra, undefined);
  assert.ok(stage.log.some((line) => line.includes('what beforeEmit adds is left out')));
});

test('a plugin is asked with what its grants let it see, and not at all without the grant of the event', () => {
  using stage = trafficStage();
  const narrow = stage.plugin('narrow', { grants: ['person.presence'] });
  narrow.onMessage = (message) => message.type === 'emit' && narrow.attached.receive({ type: 'verdict', id: message.id });
  narrow.attached.receive(asks);
  const blind = interceptor(stage, 'blind', () => ({ veto: true }), []);
  stage.people.appear('p-aaaaa', known);
  const [emit] = narrow.of('emit');
  assert.not.ok(JSON.stringify(emit).includes('years'));
  assert.equal(blind.received, []);
  assert.equal(stage.out, [1]);
});

test('events of the device are never asked about', () => {
  using stage = trafficStage();
  const end = stage.plugin('all');
  end.attached.receive(subscribe({ beforeEmit: ['camera.lost', 'plugin.failed'] }));
  lose(stage, 1);
  assert.equal(end.received, []);
  assert.equal(stage.out, [1]);
});

test('nothing of an interceptor holds what comes after a silent one: a burst waits once', async () => {
  using stage = trafficStage({ beforeEmitMs: 50 });
  const silent = interceptor(stage, 'silent', () => undefined);
  for (let n = 0; n < 100; n += 1) stage.people.appear(`p-${n}`);
  // All were asked about before the first one's time was over.
  assert.is(silent.of('emit').length, 100);
  assert.equal(stage.out, []);
  await until('the burst', 10_000, () => stage.out.length === 100);
  assert.equal(
    stage.out,
    Array.from({ length: 100 }, (_, n) => n + 1),
  );
  assert.is(silent.attached.stats.late, 100);
});

test('who is late three times is passed over, until it answers; then it is tried again', async () => {
  using stage = trafficStage({ beforeEmitMs: 5 });
  const slow = interceptor(stage, 'slow', () => undefined);
  for (let n = 1; n <= 3; n += 1) {
    stage.people.appear(`p-${n}`);
    await until('time called', 10_000, () => stage.out.length === n);
  }
  stage.people.appear('p-4');
  assert.is(stage.out.length, 4, 'goes out at once');
  assert.is(slow.of('emit').length, 3);
  assert.is(slow.attached.stats.late, 4);
  assert.is(stage.log.filter((line) => line.includes('passed over')).length, 1);
  slow.attached.receive({ type: 'verdict', id: must(slow.of('emit')[0]).id, veto: true });
  assert.equal(slow.failures, []);
  assert.is(slow.attached.stats.vetoed, 0, 'too late to count');
  // A try comes within the back-off of a second.
  let published = 4;
  await until('a try', 10_000, () => {
    published += 1;
    stage.people.appear('p-5');
    return slow.of('emit').length === 4;
  });
  await until('time called', 10_000, () => stage.out.length === published);
  stage.people.appear('p-6');
  assert.is(stage.out.length, published + 1, 'goes out at once again');
  assert.is(slow.of('emit').length, 4, 'one more miss is enough');
});

test('a plugin that goes is not waited for, and what waits goes out when Mien stops', () => {
  const stage = trafficStage({ beforeEmitMs: 60_000 });
  const one = interceptor(stage, 'one', () => undefined);
  stage.people.appear('p-aaaaa');
  assert.equal(stage.out, []);
  one.attached.detach('it crashed');
  assert.equal(stage.out, [1]);
  interceptor(stage, 'two', () => undefined);
  stage.people.appear('p-bbbbb');
  assert.equal(stage.out, [1]);
  stage[Symbol.dispose]();
  assert.equal(stage.out, [1, 2]);
});

test('an event published by a listener of the bus follows after', () => {
  using stage = trafficStage();
  interceptor(stage, 'guard', ({ event }) => ({ veto: event.subject === 'person/p-aaaaa' }));
  stage.bus.subscribe({ types: ['person.appeared'] }, (event) => {
    if (event.subject === 'person/p-bbbbb') stage.people.leave('p-bbbbb');
  });
  for (const id of ['p-aaaaa', 'p-bbbbb', 'p-ccccc']) stage.people.appear(id);
  assert.equal(stage.out, [1, 2, 3]);
  assert.equal(
    events(stage).map(({ type }) => type.split('.')[2]),
    ['appeared', 'left', 'appeared'],
  );
});

test('property: whatever is vetoed, late or gone, what goes out keeps its order without a gap', async () => {
  const action = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 5 }) }) },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('answer' as const), plugin: fc.nat(2), pick: fc.nat(20), say: fc.constantFrom('pass', 'veto', 'extra') }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('detach' as const), plugin: fc.nat(2) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      using stage = trafficStage({ beforeEmitMs: 4 });
      const ends = [0, 1, 2].map((n) => interceptor(stage, `g${n}`, () => undefined));
      const open = ends.map(() => new Map<number, MienEvent>());
      const gone = new Set<number>();
      const read = ends.map(() => 0);
      let published = 0;
      const pending = (): number => published - stage.out.length - ends.reduce((sum, end) => sum + end.attached.stats.vetoed, 0);
      for (const one of actions) {
        if (one.do === 'publish') {
          for (let n = 0; n < one.count; n += 1) {
            published += 1;
            // One in three is nothing that anybody is asked about.
            if (published % 3 === 0) lose(stage, published);
            else stage.people.appear(`p-${published}`);
          }
        } else if (one.do === 'wait') await new Promise((resolve) => setTimeout(resolve, 3));
        else if (one.do === 'detach') {
          gone.add(one.plugin);
          must(ends[one.plugin]).attached.detach('gone');
        } else {
          const end = must(ends[one.plugin]);
          const emits = end.of('emit');
          for (; must(read[one.plugin]) < emits.length; read[one.plugin] = must(read[one.plugin]) + 1) {
            const emit = must(emits[must(read[one.plugin])]);
            must(open[one.plugin]).set(emit.id, emit.event);
          }
          const ids = [...must(open[one.plugin]).keys()];
          const id = ids[one.pick % Math.max(1, ids.length)];
          if (id === undefined) continue;
          must(open[one.plugin]).delete(id);
          end.attached.receive({
            type: 'verdict',
            id,
            ...(one.say === 'veto' && { veto: true }),
            ...(one.say === 'extra' && { extra: { [`of${one.plugin}`]: id } }),
          });
        }
      }
      await until('everything out', 10_000, () => pending() === 0);
      const seen = events(stage);
      assert.equal(
        stage.out,
        stage.out.map((_, index) => index + 1),
        'no gap',
      );
      assert.ok(seen.every((event, index) => event.id === `${stage.people.bootId}-${index + 1}` && event.sequence === String(index + 1).padStart(16, '0')));
      const order = seen.map(({ subject }) => Number(subject.split('-')[1]));
      assert.equal(
        order,
        [...order].sort((a, b) => a - b),
        'order',
      );
      assert.is(new Set(order).size, order.length, 'once');
      for (const event of seen) {
        for (const [name, extra] of Object.entries(event.data.extra ?? {})) assert.equal(Object.keys(extra), [`of${name.slice(1)}`]);
      }
      for (const end of ends) assert.equal(end.failures, []);
    }),
    { numRuns: times(60) },
  );
});

test.run();
