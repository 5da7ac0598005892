import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienEvent } from '../../../core/src/events.ts';
import { createEventBus } from '../../../core/src/host/event-bus.ts';
import { EventRing } from '../../../core/src/host/event-ring.ts';
import { silentLogger } from '../../../core/src/log.ts';
import { createFakePeople, known } from '../../support/fake-people.ts';

const test = suite('event bus');
const event = (sequence: number): MienEvent => ({ sequence: String(sequence).padStart(16, '0') }) as MienEvent;

test('a ring holds the newest, at positions that never repeat', () => {
  const ring = new EventRing(3);
  assert.is(ring.range, undefined);
  assert.is(ring.after(0), 0);
  for (let sequence = 1; sequence <= 5; sequence += 1) {
    ring.push(event(sequence));
    assert.is(Number(ring.at(ring.head - 1)?.sequence), sequence);
    assert.is(ring.head - ring.tail, Math.min(sequence, 3));
  }
  assert.equal(ring.range, { oldest: 3, newest: 5 });
  assert.is(ring.at(1), undefined);
  assert.is(ring.at(5), undefined);
  assert.equal(
    [0, 2, 3, 4, 5, 9].map((sequence) => ring.after(sequence)),
    [2, 2, 3, 4, 5, 5],
  );
});

test('delivers in order to whom it concerns, and stops when disposed', () => {
  const bus = createEventBus({ logger: silentLogger });
  const people = createFakePeople(bus);
  const seen: string[] = [];
  bus.subscribe({ types: ['person.left'] }, ({ sequence }) => void seen.push(`left ${Number(sequence)}`));
  const near = bus.subscribe({ person: { zone: ['near'] } }, ({ sequence }) => void seen.push(`near ${Number(sequence)}`));
  people.appear('p-aaaaa', { zone: 'near' });
  people.appear('p-bbbbb', { zone: 'far' });
  people.leave('p-aaaaa');
  near[Symbol.dispose]();
  people.appear('p-ccccc', { zone: 'near' });
  assert.equal(seen, ['near 1', 'left 3', 'near 3']);
});

test('conditions on values and bounds, both ends included; unknown meets none', () => {
  const bus = createEventBus({ logger: silentLogger });
  const people = createFakePeople(bus);
  const hits: string[] = [];
  const count = (name: string, person: Record<string, never> | object): void => void bus.subscribe({ person: person as never }, () => void hits.push(name));
  count('exact', { 'age.years': { min: 34.2, max: 34.2 } });
  count('over', { 'age.years': { min: 34.3 } });
  count('label', { 'gender.label': ['male', 'female'], 'age.stable': [true] });
  count('inherited', { constructor: ['x'] });
  people.appear('p-aaaaa', known);
  people.appear('p-bbbbb', { age: { label: 'unknown', abstain: 'yaw' } });
  people.appear('p-ccccc');
  assert.equal(hits, ['exact', 'label']);
});

test('a listener that throws or rejects is logged and counted, the others hear everything', async () => {
  const lines: object[] = [];
  const bus = createEventBus({ logger: { ...silentLogger, error: (fields) => void lines.push(fields) } });
  const people = createFakePeople(bus);
  const heard: string[] = [];
  bus.subscribe(
    {},
    () => {
      throw new Error('sync');
    },
    'first',
  );
  bus.subscribe(
    {},
    async () => {
      throw new Error('async');
    },
    'second',
  );
  bus.subscribe({}, ({ id }) => void heard.push(id));
  bus.subscribeObserved(() => {
    throw new Error('frame');
  }, 'third');
  people.appear('p-aaaaa');
  people.appear('p-bbbbb');
  await new Promise((done) => setTimeout(done, 0));
  assert.is(heard.length, 2);
  assert.is(bus.listenerFaults, 6);
  assert.equal(new Set(lines.map((line) => (line as { listener: string }).listener)), new Set(['first', 'second', 'third']));
});

test('what a listener publishes comes after, for everybody in the same order', () => {
  const bus = createEventBus({ logger: silentLogger });
  const people = createFakePeople(bus);
  const orders: number[][] = [[], []];
  bus.subscribe({}, ({ sequence }) => {
    orders[0]?.push(Number(sequence));
    if (Number(sequence) === 1) people.leave('p-aaaaa');
  });
  bus.subscribe({}, ({ sequence }) => void orders[1]?.push(Number(sequence)));
  people.appear('p-aaaaa');
  assert.equal(orders, [
    [1, 2],
    [1, 2],
  ]);
});

test('knows which start its events are of', () => {
  const bus = createEventBus({ logger: silentLogger });
  assert.is(bus.bootId, undefined);
  createFakePeople(bus, 'boot-7').appear('p-aaaaa');
  assert.is(bus.bootId, 'boot-7');
});

test.run();
