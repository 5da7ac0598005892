// Loading: found, missing, broken; several environments; and no memory left behind by the hot path.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadAddon } from '../../native/src/addon.ts';
import { createWarp } from '../../native/src/index.ts';
import { createReferenceScratch, referenceWarp } from '../../native/src/reference.ts';
import { noise, rawSpec, seeded } from '../support/pictures.ts';

const test = suite('addon');
const index = new URL('../../native/src/index.ts', import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), 'mien-addon-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function loadFault(path: string): { code: string; message: string } {
  try {
    loadAddon(path);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('it loaded');
}

test('a missing addon: says platform, place and remedies', () => {
  const path = join(folder, 'none.node');
  const { code, message } = loadFault(path);
  assert.is(code, 'NATIVE_UNAVAILABLE');
  for (const words of [`${process.platform}-${process.arch}`, path, 'no such file', 'MIEN_NATIVE_PATH', 'build-native.mjs', 'apt-get install g++'])
    assert.ok(message.includes(words), `${words}: ${message}`);
});

test('a file that is no addon is told apart from a missing one', () => {
  const path = join(folder, 'broken.node');
  writeFileSync(path, 'not an addon');
  assert.match(loadFault(path).message, /was found but did not load: /);
});

test('MIEN_NATIVE_PATH decides, and nothing else is tried', () => {
  const result = spawnSync(process.execPath, ['-e', `import(${JSON.stringify(index)})`], {
    env: { ...process.env, MIEN_NATIVE_PATH: join(folder, 'none.node') },
    encoding: 'utf8',
  });
  assert.is.not(result.status, 0);
  assert.match(result.stderr, /AddonLoadError.*none\.node/);
});

test('workers load it, work at the same time, end, and leave the main thread working', async () => {
  const job = `
    const { createWarp } = await import(${JSON.stringify(index)});
    const { noise, rawSpec, seeded } = await import(${JSON.stringify(new URL('../support/pictures.ts', import.meta.url).href)});
    const out = new Uint8Array(50 * 50 * 3);
    const warp = createWarp(rawSpec(50, 50), 'reflect101');
    for (let i = 0; i < 300; i++) warp(noise(seeded(1), 'i420', 40, 30), [1.5, 0.5, -3, -0.5, 1.5, 2], out);
    (await import('node:worker_threads')).parentPort.postMessage(out);`;
  const results = await Promise.all(
    Array.from(
      { length: 4 },
      () =>
        new Promise<Uint8Array>((done, fail) => {
          const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(job)}`));
          let result: Uint8Array;
          worker.on('message', (message: Uint8Array) => {
            result = message;
          });
          worker.on('error', fail);
          worker.on('exit', () => done(result));
        }),
    ),
  );
  const out = new Uint8Array(50 * 50 * 3);
  createWarp(rawSpec(50, 50), 'reflect101')(noise(seeded(1), 'i420', 40, 30), [1.5, 0.5, -3, -0.5, 1.5, 2], out);
  for (const result of results) assert.equal(result, out);
});

test('the hot path allocates nothing: neither on the JavaScript heap nor outside', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const source = noise(seeded(1), 'nv12', 320, 240);
  const warp = createWarp(rawSpec(112, 112, { dtype: 'f32', layout: 'nchw' }), 'reflect101');
  const out = new Float32Array(112 * 112 * 3);
  const matrices = [
    [2.7, 0.2, 5, -0.2, 2.7, 2],
    [0.8, 0.1, 90.5, -0.1, 0.8, 60.5],
  ] as const;
  const calls = (count: number) => {
    for (let i = 0; i < count; i++) warp(source, matrices[i & 1] as (typeof matrices)[0], out);
  };
  calls(3000);
  gc();
  const heap = process.memoryUsage().heapUsed;
  const rss = process.memoryUsage.rss();
  calls(4000);
  const perCall = (process.memoryUsage().heapUsed - heap) / 4000;
  assert.ok(perCall < 16, `${perCall} bytes of heap a call`);
  assert.ok(process.memoryUsage.rss() - rss < 4e6, `${process.memoryUsage.rss() - rss} bytes more resident`);
});

test('a face crop from 720p is at least five times faster than the reference, and far under 0.3 ms', () => {
  const source = noise(seeded(1), 'nv12', 1280, 720);
  const spec = rawSpec(112, 112, { dtype: 'f32', layout: 'nchw', mean: [127.5, 127.5, 127.5], scale: [127.5, 127.5, 127.5] });
  const out = new Float32Array(112 * 112 * 3);
  const scratch = createReferenceScratch();
  const warp = createWarp(spec, 'reflect101');
  const matrix = [1.67, -0.29, 520, 0.29, 1.67, 240] as const;
  const fastest = (call: () => void) => {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 300; i++) {
      const start = performance.now();
      call();
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };
  const reference = fastest(() => referenceWarp(source, matrix, 'reflect101', spec, out, scratch));
  const kernel = fastest(() => warp(source, matrix, out));
  assert.ok(reference / kernel >= 5, `${reference} ms against ${kernel} ms`);
  assert.ok(kernel < 0.3, `${kernel} ms`);
});

test('what is built here is what is loaded', () => {
  const file = fileURLToPath(new URL(`../../native/prebuilds/${process.platform}-${process.arch}/mien.node`, import.meta.url));
  assert.is(loadAddon(file).dispatch(), loadAddon(undefined).dispatch());
});

test.run();
