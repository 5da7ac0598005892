import { setTimeout as sleep } from 'node:timers/promises';
import { createWarp } from '@mien/native';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CountingLeases } from '../../../core/src/bench/counting-leases.ts';
import { rgbToNv12 } from '../../../core/src/bench/nv12.ts';
import { stillSource } from '../../../core/src/bench/still-source.ts';
import { readTwoFaceFrame } from '../../../core/src/bench/two-face-frame.ts';
import type { Lease, Leases, NetworkOfRole, Role } from '../../../core/src/inference/lease.ts';

const test = suite('bench of the pipeline');

test('NV12 made from RGB reads back as the same colours', () => {
  const colours = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [200, 120, 40],
  ] as const;
  const bar = 8;
  const width = bar * colours.length;
  const height = 4;
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => colours[Math.floor((Math.floor(i / 3) % width) / bar)]?.[i % 3] ?? 0);
  const nv12 = rgbToNv12({ data, width, height, format: 'rgb' });
  assert.is(nv12.data.length, (width * height * 3) / 2);
  const back = new Uint8Array(width * height * 3);
  const spec = { width, height, layout: 'nhwc', dtype: 'u8', colorOrder: 'rgb', mean: [0, 0, 0], scale: [1, 1, 1] } as const;
  createWarp(spec, 'reflect101')(nv12, [1, 0, 0, 0, 1, 0], back);
  for (const [i, colour] of colours.entries()) {
    const middle = 3 * (width + i * bar + bar / 2);
    colour.forEach((level, channel) => {
      assert.ok(Math.abs((back[middle + channel] ?? 0) - level) <= 3, `bar ${i}, channel ${channel}: ${back[middle + channel]} for ${level}`);
    });
  }
});

test('the clip gives a frame of the size that the figures speak of', async () => {
  const { pixels, jpegDecodeMs } = await readTwoFaceFrame();
  assert.equal([pixels.width, pixels.height, pixels.format], [1280, 720, 'nv12']);
  assert.ok(jpegDecodeMs > 0);
});

test('a still source gives each frame once, with its time, after what has to come before', async () => {
  const said: string[] = [];
  const pixels = { data: new Uint8Array(6), width: 2, height: 2, format: 'nv12' as const };
  const source = stillSource({
    pixels,
    frames: 2,
    intervalMs: 250,
    async before(index) {
      await sleep(1);
      said.push(`before ${index}`);
    },
    taken: () => void said.push('taken'),
  });
  const frames = [await source.next(), await source.next(), await source.next()];
  assert.equal(
    frames.map((frame) => frame && [frame.index, frame.capturedMonoMs]),
    [[0, 0], [1, 250], null],
  );
  assert.equal(said, ['before 0', 'taken', 'before 1', 'taken']);
  assert.is(source.state, 'ended');
});

test('every session run is counted under its role, and leases are returned', async () => {
  let returned = 0;
  const session = () => ({ run: async () => ({}), info: {}, warmUp: async () => {}, async [Symbol.asyncDispose]() {} });
  const sessions = { detector: session(), recognizer: session() };
  const leases: Leases = {
    lease<R extends Role>(role: R) {
      const dispose = (): void => {
        returned += 1;
      };
      return { session: sessions[role], [Symbol.dispose]: dispose } as unknown as Lease<NetworkOfRole[R]>;
    },
  };
  const counting = new CountingLeases(leases);
  {
    using detector = counting.lease('detector');
    await detector.session.run(new Float32Array());
    await detector.session.run(new Float32Array());
    using recognizer = counting.lease('recognizer');
    await recognizer.session.run(new Float32Array());
  }
  assert.equal(counting.runs, { detector: 2, recognizer: 1 });
  assert.is(returned, 2);
});

test.run();
