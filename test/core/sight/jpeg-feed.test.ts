import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { JpegFeed } from '../../../core/src/sight/jpeg-feed.ts';

const picture = (n: number): Uint8Array => Uint8Array.of(n);
const test = suite('jpeg feed');

test('a slow reader gets the newest picture, not the queue', async () => {
  const feed = new JpegFeed(() => {});
  for (let n = 0; n < 5; n += 1) feed.put(picture(n));
  assert.equal(await feed.next(), { value: picture(4), done: false });
});

test('a waiting reader gets the next picture', async () => {
  const feed = new JpegFeed(() => {});
  const waiting = feed.next();
  feed.put(picture(1));
  assert.equal(await waiting, { value: picture(1), done: false });
});

test('returning it tells the writer once, ends it, and drops what comes later', async () => {
  let returned = 0;
  const feed = new JpegFeed(() => {
    returned += 1;
  });
  feed.put(picture(1));
  await feed.return();
  await feed.return();
  feed.put(picture(2));
  assert.is(returned, 1);
  assert.ok((await feed.next()).done);
});

test('when the writer ends it, a waiting reader is told and the writer is not told back', async () => {
  let returned = 0;
  const feed = new JpegFeed(() => {
    returned += 1;
  });
  const waiting = feed.next();
  feed.end();
  assert.ok((await waiting).done);
  await feed.return();
  assert.is(returned, 0);
});

test('a fault of the writer reaches the reader once, whether it waits or comes later', async () => {
  const fault = new Error('no encoder');
  const rejected = (next: Promise<unknown>) =>
    next.then(
      () => undefined,
      (error) => error,
    );
  const waited = new JpegFeed(() => {});
  const waiting = [rejected(waited.next()), waited.next()] as const;
  waited.end(fault);
  assert.is(await waiting[0], fault);
  assert.ok((await waiting[1]).done);
  assert.ok((await waited.next()).done);
  const late = new JpegFeed(() => {});
  late.end(fault);
  late.end();
  assert.is(await rejected(late.next()), fault);
  assert.ok((await late.next()).done);
});

test('leaving a loop returns it', async () => {
  let returned = 0;
  const feed = new JpegFeed(() => {
    returned += 1;
  });
  feed.put(picture(1));
  for await (const jpeg of feed) {
    assert.equal(jpeg, picture(1));
    break;
  }
  assert.is(returned, 1);
});

test.run();
