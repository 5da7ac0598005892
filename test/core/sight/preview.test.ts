import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PixelView } from '../../../core/src/frame.ts';
import type { Observation } from '../../../core/src/observation.ts';
import { JpegFeed } from '../../../core/src/sight/jpeg-feed.ts';
import { PreviewRenderer } from '../../../core/src/sight/preview.ts';

const gray: PixelView = { data: new Uint8Array(640 * 360).fill(100), width: 640, height: 360, format: 'gray' };
/** One face in the middle, seen or predicted. */
const withFace = (score: number): Observation => ({ faces: [{ box: [0.25, 0.25, 0.5, 0.5], score }] }) as unknown as Observation;

async function drawn(observation: Observation, pixels = gray): Promise<{ width: number; at(x: number, y: number): number[] }> {
  const feed = new JpegFeed(() => {});
  new PreviewRenderer(feed, { width: 320 }).offer(pixels, observation);
  const { value } = await feed.next();
  const { data, info } = await sharp(value).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, at: (x, y) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)] };
}

/** JPEG smears the colour of thin lines. */
const near = (actual: number[], expected: number[]): boolean => actual.every((value, i) => Math.abs(value - (expected[i] ?? 0)) < 90);

const test = suite('preview');

test('a frame is shrunk, and a seen face boxed in green, a predicted one in amber', async () => {
  const seen = await drawn(withFace(0.9));
  assert.is(seen.width, 320);
  assert.ok(near(seen.at(160, 90), [100, 100, 100]), 'the face itself is left alone');
  assert.ok(near(seen.at(160, 45), [0, 208, 132]), `${seen.at(160, 45)}`);
  assert.ok(near(seen.at(80, 90), [0, 208, 132]), `${seen.at(80, 90)}`);
  const predicted = await drawn(withFace(0));
  assert.ok(near(predicted.at(160, 45), [255, 176, 0]), `${predicted.at(160, 45)}`);
});

test('a box that reaches over the border is drawn as far as it goes', async () => {
  const { at } = await drawn({ faces: [{ box: [-0.2, -0.2, 0.5, 1.5], score: 1 }] } as unknown as Observation);
  assert.ok(near(at(95, 100), [0, 208, 132]), `${at(95, 100)}`);
});

test('it keeps to the rate, whatever it is offered', async () => {
  const feed = new JpegFeed(() => {});
  const renderer = new PreviewRenderer(feed, { framesPerSecond: 20, width: 64 });
  let pictures = 0;
  const reading = (async () => {
    for await (const _ of feed) pictures += 1;
  })();
  const started = performance.now();
  while (performance.now() - started < 500) {
    renderer.offer(gray, withFace(1));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  renderer.end();
  await reading;
  assert.ok(pictures >= 3 && pictures <= 12, `${pictures} pictures in half a second at 20 a second`);
});

test.run();
