import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { around, pyramid, type Region, tiles, wholeFrame } from '../../../core/src/sight/regions.ts';

const regions = suite('regions');

const holds = (region: Region, x: number, y: number, size: number) =>
  region.x <= x && region.y <= y && region.x + region.size >= x + size && region.y + region.size >= y + size;

regions('the whole frame lies centred in one square', () => {
  assert.equal(wholeFrame(1280, 720), { x: 0, y: -280, size: 1280 });
  assert.equal(wholeFrame(100, 300), { x: -100, y: 0, size: 300 });
});

regions('tiles hold every face up to the overlap whole, and stay in the frame', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 50, max: 3000 }),
      fc.integer({ min: 50, max: 3000 }),
      fc.integer({ min: 64, max: 800 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (width, height, size, u, v) => {
        const all = tiles(width, height, size);
        const face = Math.min(0.25 * size, width, height) - 1e-6;
        const x = u * (width - face);
        const y = v * (height - face);
        assert.ok(
          all.some((tile) => holds(tile, x, y, face)),
          `a face at ${x}, ${y}`,
        );
        for (const tile of all) assert.ok(tile.size >= width || (tile.x >= -1e-9 && tile.x + tile.size <= width + 1e-9));
      },
    ),
  );
});

regions('a pyramid goes down until small faces are large enough, and no further', () => {
  assert.is(pyramid(320, 240, 32).length, 2, 'twice the frame, and the frame');
  const finest = Math.min(...pyramid(4000, 3000, 32).map(({ size }) => size));
  assert.ok(finest <= 400 && finest > 200);
  assert.ok(pyramid(1280, 720, 32).length < 40);
});

regions('a square around a box keeps its centre', () => {
  assert.equal(around({ x: 10, y: 20, width: 40, height: 20 }, 3), { x: -30, y: -30, size: 120 });
});

regions.run();
