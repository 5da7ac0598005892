import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FramePool } from '../../../core/src/camera/frame-pool.ts';
import { parseY4mHeader, Y4mParser } from '../../../core/src/camera/y4m.ts';
import { MienError } from '../../../core/src/errors.ts';
import { frameBytes } from '../../../core/src/frame.ts';
import { times } from '../../support/soak.ts';

const test = suite('y4m');
const HEADER = 'YUV4MPEG2 W16 H8 F30000:1001 Ip A1:1 C420mpeg2 XYSCSS=420MPEG2 XCOLORRANGE=LIMITED';

const isInvalid = (error: unknown): boolean => error instanceof MienError && error.code === 'FRAME_INVALID';

function stream(frames: readonly Uint8Array[], header = HEADER, marker = 'FRAME'): Uint8Array {
  return Buffer.concat([Buffer.from(`${header}\n`), ...frames.flatMap((frame) => [Buffer.from(`${marker}\n`), frame])]);
}

/** Pixels in which the values of newlines and of the word FRAME occur. */
function pixels(count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, (_, n) => Uint8Array.from({ length: bytes }, (_, at) => (at % 7 === 0 ? 0x0a : (n * 31 + at) % 256)));
}

test('reads the header as ffmpeg writes it', () => {
  assert.equal(parseY4mHeader(HEADER), { width: 16, height: 8, format: 'i420', range: 'limited', framesPerSecond: 30000 / 1001 });
  assert.equal(parseY4mHeader('YUV4MPEG2 W3 H5 F25:1 Cmono'), { width: 3, height: 5, format: 'gray', range: 'full', framesPerSecond: 25 });
  assert.equal(parseY4mHeader('YUV4MPEG2 W2 H2 F0:0 C420jpeg XCOLORRANGE=FULL'), { width: 2, height: 2, format: 'i420', range: 'full' });
});

for (const [line, why] of [
  ['RIFF', 'YUV4MPEG2'],
  ['YUV4MPEG2 H8 F25:1', 'width'],
  ['YUV4MPEG2 W0 H8', 'width'],
  ['YUV4MPEG2 W-4 H8', 'width'],
  ['YUV4MPEG2 W16 H999999', 'height'],
  ['YUV4MPEG2 W8192 H8192', '7680x4320'],
  ['YUV4MPEG2 W15 H8', 'even'],
  ['YUV4MPEG2 W16 H8 C422', '422'],
  ['YUV4MPEG2 W16 H8 C420p10', '420p10'],
] as const) {
  test(`refuses ${line}`, () => {
    try {
      parseY4mHeader(line);
    } catch (error) {
      assert.ok(isInvalid(error));
      assert.match((error as MienError).message, why);
      return;
    }
    assert.unreachable('it was accepted');
  });
}

test('any chunking yields the same frames, in buffers of the pool', () => {
  const frames = pixels(5, frameBytes('i420', 16, 8));
  const bytes = stream(frames);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 30 }), (cuts) => {
      const parser = new Y4mParser(new FramePool());
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const found: Uint8Array[] = [];
      for (let at = 1; at < edges.length; at++) {
        for (const frame of parser.push(bytes.subarray(edges[at - 1], edges[at]))) found.push(Uint8Array.from(frame));
      }
      assert.equal(found, frames);
      assert.not(parser.unfinished);
    }),
    { numRuns: times(100) },
  );
});

test('one byte at a time, and FRAME lines with parameters', () => {
  const frames = pixels(2, frameBytes('i420', 16, 8));
  const parser = new Y4mParser(new FramePool());
  let count = 0;
  for (const byte of stream(frames, HEADER, 'FRAME Ip')) for (const frame of parser.push(Uint8Array.of(byte))) assert.equal(frame, frames[count++]);
  assert.is(count, 2);
});

test('is lazy: a frame not asked for is not read', () => {
  const pool = new FramePool();
  const parser = new Y4mParser(pool);
  const [first] = [...take(parser.push(stream(pixels(3, 192))), 1)];
  assert.is(first?.length, 192);
  assert.not(parser.unfinished);
});

test('a stream that was cut is seen, and its buffer goes back to the pool', () => {
  const pool = new FramePool();
  const parser = new Y4mParser(pool);
  const bytes = stream(pixels(1, 192));
  assert.is([...parser.push(bytes.subarray(0, bytes.length - 1))].length, 0);
  assert.ok(parser.unfinished);
  parser.close();
  assert.is(pool.free, 1);
  const header = new Y4mParser(pool);
  assert.is([...header.push(Buffer.from('YUV4MPEG2 W1'))].length, 0);
  assert.ok(header.unfinished);
});

test('garbage is refused with FRAME_INVALID or yields nothing, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.boolean(), (garbage, withHeader) => {
      const parser = new Y4mParser(new FramePool());
      const bytes = withHeader ? Buffer.concat([Buffer.from(`${HEADER}\n`), garbage]) : garbage;
      try {
        assert.is([...parser.push(bytes)].length, 0);
      } catch (error) {
        assert.ok(isInvalid(error), String(error));
      }
    }),
    { numRuns: times(100) },
  );
  assert.throws(() => [...new Y4mParser(new FramePool()).push(Buffer.alloc(300, 0x41))], isInvalid);
  assert.throws(() => [...new Y4mParser(new FramePool()).push(Buffer.from(`${HEADER}\nFRAMES\n`))], isInvalid);
});

test('the pool hands buffers out again, and lets those of another size go', () => {
  const pool = new FramePool(2);
  const buffers = [pool.acquire(10), pool.acquire(10), pool.acquire(10)];
  assert.is(new Set(buffers).size, 3);
  for (const buffer of buffers) pool.give(buffer);
  assert.is(pool.free, 2);
  assert.ok(buffers.includes(pool.acquire(10)));
  assert.is(pool.acquire(20).length, 20);
  assert.is(pool.free, 0);
  pool.give(buffers[0] as Uint8Array);
  assert.is(pool.free, 0, 'a buffer of the old size is not kept');
});

function* take<T>(items: Iterable<T>, count: number): Generator<T> {
  let left = count;
  for (const item of items) {
    yield item;
    if (--left === 0) return;
  }
}

test.run();
