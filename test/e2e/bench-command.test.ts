import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mien } from '../support/mien-command.ts';

const test = suite('mien bench');
const keys = ['ratio', 'framesPerSecond', 'kernelSpeedup', 'warpShare', 'rssMb', 'rssRawMb', 'rssGrowth', 'loopDelayP99Ms'];

test('a quick look gives every figure, and all that they are made of', async () => {
  const { code, stdout, stderr, json } = await mien(['bench', '--json', '--frames', '60']);
  assert.is(code, 0, stderr);
  const [figures, ...more] = json<
    Record<string, number> & { detail: { pipeline: { frames: number }; memory: { first: { frames: number }; last: { frames: number } } } }
  >();
  assert.ok(figures, stdout);
  assert.is(more.length, 0, 'one object on stdout');
  assert.equal(Object.keys(figures).sort(), [...keys, 'detail'].sort());
  for (const key of keys) assert.ok(Number.isFinite(figures[key]), `${key} is ${figures[key]}`);
  for (const key of keys.filter((key) => key !== 'rssGrowth' && key !== 'loopDelayP99Ms')) assert.ok((figures[key] ?? 0) > 0, `${key} is ${figures[key]}`);
  const { detail, ratio = 0, rssMb = 0, rssRawMb = 0 } = figures;
  assert.ok(detail.pipeline.frames >= 50, `both faces were recognised in ${detail.pipeline.frames} frames only`);
  assert.ok(ratio > 1, `a frame cannot be cheaper than its parts: ${ratio}`);
  assert.ok(rssRawMb >= rssMb);
  assert.ok(detail.memory.first.frames >= 30 && detail.memory.last.frames >= 60);
});

test('too few frames are refused before anything starts', async () => {
  const { code, stderr } = await mien(['bench', '--frames', '3']);
  assert.is(code, 2);
  assert.match(stderr, /--frames expects a whole number of at least 20/);
});

test.run();
