import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Latest } from '../../../core/src/sight/latest.ts';

class Item {
  readonly name: string;
  released = 0;

  constructor(name: string) {
    this.name = name;
  }

  release(): void {
    this.released += 1;
  }
}

const test = suite('latest');

test('the newest item wins, the replaced one is released and counted', async () => {
  const latest = new Latest<Item>();
  const [a, b, c] = [new Item('a'), new Item('b'), new Item('c')];
  latest.put(a);
  latest.put(b);
  latest.put(c);
  assert.is(await latest.take(), c);
  assert.equal([a.released, b.released, c.released], [1, 1, 0]);
  assert.is(latest.replaced, 2);
});

test('take waits for the next item, and does not count it as replaced', async () => {
  const latest = new Latest<Item>();
  const taking = latest.take();
  const a = new Item('a');
  latest.put(a);
  latest.put(new Item('b'));
  assert.is(await taking, a);
  assert.is((await latest.take())?.name, 'b');
  assert.is(latest.replaced, 0);
});

test('a cancelled take rejects with the reason and leaves items for the next one', async () => {
  const latest = new Latest<Item>();
  const controller = new AbortController();
  const taking = latest.take(controller.signal);
  controller.abort(new Error('enough'));
  await taking.then(
    () => assert.unreachable(),
    (fault) => assert.is(fault.message, 'enough'),
  );
  const a = new Item('a');
  latest.put(a);
  await latest.take(controller.signal).then(
    () => assert.unreachable(),
    (fault) => assert.is(fault.message, 'enough'),
  );
  assert.is(await latest.take(), a);
});

test('two takes at once are a mistake of the caller', async () => {
  const latest = new Latest<Item>();
  const first = latest.take();
  await latest.take().then(
    () => assert.unreachable(),
    (fault) => assert.instance(fault, TypeError),
  );
  latest.end();
  assert.is(await first, null);
});

test('after the end the last item can still be taken, later ones are released at once', async () => {
  const latest = new Latest<Item>();
  const [a, b] = [new Item('a'), new Item('b')];
  latest.put(a);
  latest.end();
  latest.put(b);
  assert.is(b.released, 1);
  assert.is(await latest.take(), a);
  assert.is(await latest.take(), null);
});

test('an end that discards releases what nobody took', async () => {
  const latest = new Latest<Item>();
  const a = new Item('a');
  latest.put(a);
  latest.end(true);
  assert.is(a.released, 1);
  assert.is(await latest.take(), null);
});

test('every item is either taken once or released once, whatever the order', async () => {
  let seed = 7;
  const random = (): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648;
  };
  const latest = new Latest<Item>();
  const items: Item[] = [];
  const taken = new Map<Item, number>();
  let pending: Promise<void> | undefined;
  for (let step = 0; step < 2000; step += 1) {
    if (random() < 0.6) {
      const item = new Item(`${step}`);
      items.push(item);
      latest.put(item);
    } else {
      pending ??= latest.take().then((item) => {
        pending = undefined;
        if (item) taken.set(item, (taken.get(item) ?? 0) + 1);
      });
    }
    if (random() < 0.5) await Promise.resolve();
  }
  latest.end(true);
  await pending;
  for (const item of items) assert.is((taken.get(item) ?? 0) + item.released, 1, item.name);
  assert.ok(taken.size > 100 && latest.replaced > 100, 'both paths were tried');
});

test.run();
