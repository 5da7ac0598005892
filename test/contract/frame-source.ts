/** What every FrameSource keeps, whatever stands behind it. One suite, run over each implementation. */
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FrameSource, Pace } from '../../core/src/camera/frame-source.ts';
import { type Frame, frameBytes, type PixelView } from '../../core/src/frame.ts';

export interface PlayOptions {
  readonly pace: Pace;
  readonly loop: boolean;
  readonly rotate?: 0 | 90 | 180 | 270;
  readonly mirror?: boolean;
}

/** Has to play `frames` times the picture of `framePicture`. */
export interface SourceUnderTest {
  readonly name: string;
  readonly frames: number;
  readonly framesPerSecond: number;
  /** Disposing the source is enough to end everything. */
  open(options: PlayOptions): Promise<FrameSource>;
}

export function frameSourceContract({ name, frames, framesPerSecond, open }: SourceUnderTest): void {
  const test = suite(`frame source: ${name}`);

  test('every: each frame exactly once, in order, on media time; then null for good', async () => {
    await using source = await open({ pace: 'every', loop: false });
    const times: number[] = [];
    for (let frame = await source.next(); frame; frame = await source.next()) {
      assert.is(frame.index, times.length);
      times.push(frame.capturedMonoMs);
      assert.ok(Math.abs(Date.now() - frame.capturedWallMs) < 60_000);
      frame.release();
    }
    assert.is(times.length, frames);
    const [first = 0] = times;
    for (const [index, time] of times.entries()) assert.ok(Math.abs(time - first - (index * 1000) / framesPerSecond) < 0.01);
    assert.is(source.state, 'ended');
    assert.is(await source.next(), null);
    assert.equal(source.stats(), { received: frames, dropped: 0 });
  });

  test('every: a slow consumer loses nothing', async () => {
    await using source = await open({ pace: 'every', loop: false });
    for (let index = 0; index < 4; index++) {
      const frame = await take(source);
      assert.is(frame.index, index);
      frame.release();
      await sleep(120);
    }
    assert.is(source.stats().dropped, 0);
  });

  test('frames held together do not share memory; their pixels stay until they are released', async () => {
    await using source = await open({ pace: 'every', loop: false });
    const held = [await take(source), await take(source), await take(source)];
    const copies = held.map(({ pixels }) => Uint8Array.from(pixels.data));
    (await take(source)).release();
    assert.is(new Set(held.map(({ pixels }) => pixels.data.buffer)).size, 3);
    for (const [at, frame] of held.entries()) {
      assert.ok(Buffer.compare(frame.pixels.data, copies[at] as Uint8Array) === 0);
      frame.release();
    }
  });

  test('live: the newest frame comes, what it replaced is counted, time is the wall clock', async () => {
    await using source = await open({ pace: 'live', loop: true });
    const first = await take(source);
    first.release();
    const intervalMs = 1000 / framesPerSecond;
    await sleep(8 * intervalMs);
    const second = await take(source);
    assert.ok(second.index >= first.index + 5, `frame ${second.index} after frame ${first.index}`);
    assert.ok(Math.abs(second.capturedMonoMs - first.capturedMonoMs - (second.index - first.index) * intervalMs) < 3 * intervalMs);
    second.release();
    const { received, dropped } = source.stats();
    assert.ok(dropped >= second.index - first.index - 1);
    assert.ok(received >= second.index + 1);
    assert.is(source.state, 'live');
  });

  test('live and looping goes on after the last picture, its index too', async () => {
    await using source = await open({ pace: 'live', loop: true });
    let index = -1;
    while (index < frames + 1) {
      const frame = await take(source);
      assert.ok(frame.index > index);
      index = frame.index;
      frame.release();
    }
  });

  test('a cancelled call rejects with the reason and costs no frame', async () => {
    await using source = await open({ pace: 'every', loop: false });
    const reason = new Error('cancelled by the test');
    try {
      await source.next(AbortSignal.abort(reason));
      assert.unreachable('it was not cancelled');
    } catch (error) {
      assert.is(error, reason);
    }
    const frame = await take(source);
    assert.is(frame.index, 0);
    frame.release();
  });

  for (const [rotate, mirror, bright] of [
    [0, false, 'top left'],
    [0, true, 'top right'],
    [90, false, 'top right'],
    [90, true, 'top left'],
    [180, false, 'bottom right'],
    [270, false, 'bottom left'],
    [270, true, 'bottom right'],
  ] as const) {
    test(`turned clockwise by ${rotate}${mirror ? ', then mirrored' : ''}`, async () => {
      await using source = await open({ pace: 'every', loop: false, rotate, mirror });
      const { pixels, release } = await take(source);
      assert.equal([pixels.width, pixels.height], rotate % 180 === 0 ? [64, 48] : [48, 64]);
      assert.is(pixels.data.length, frameBytes(pixels.format, pixels.width, pixels.height));
      assert.equal(brightQuarters(pixels), [bright]);
      release();
    });
  }

  test('disposing ends a waiting call with null, twice is once', async () => {
    const source = await open({ pace: 'live', loop: true });
    (await take(source)).release();
    const waiting = drain(source);
    await sleep(30);
    await source[Symbol.asyncDispose]();
    await waiting;
    await source[Symbol.asyncDispose]();
    assert.is(await source.next(), null);
    assert.is(source.state, 'ended');
  });

  test.run();
}

/** The JPEG to be played: 64x48, black, the top left quarter white. */
export function framePicture(): Promise<Buffer> {
  const white = { create: { width: 32, height: 24, channels: 3, background: '#ffffff' } } as const;
  return sharp({ create: { width: 64, height: 48, channels: 3, background: '#000000' } })
    .composite([{ input: white, left: 0, top: 0 }])
    .jpeg({ quality: 95 })
    .toBuffer();
}

async function take(source: FrameSource): Promise<Frame> {
  const frame = await source.next(AbortSignal.timeout(15_000));
  if (!frame) throw new Error('the source has ended');
  return frame;
}

async function drain(source: FrameSource): Promise<void> {
  for (let frame = await source.next(); frame; frame = await source.next()) frame.release();
}

/** Which quarters are bright in their middle. */
function brightQuarters({ data, width, height, format }: PixelView): string[] {
  const isBright = (x: number, y: number): boolean => (data[(Math.floor(y * height) * width + Math.floor(x * width)) * (format === 'rgb' ? 3 : 1)] ?? 0) > 128;
  const quarters = { 'top left': [0.25, 0.25], 'top right': [0.75, 0.25], 'bottom left': [0.25, 0.75], 'bottom right': [0.75, 0.75] } as const;
  return Object.entries(quarters).flatMap(([name, [x, y]]) => (isBright(x, y) ? [name] : []));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
