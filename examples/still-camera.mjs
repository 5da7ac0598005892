// A camera of your own, put in the place of Mien's: the container takes this module in the sight process.
// Try it:  npx mien run --config examples/still-camera.yaml      (shows one frame of the clip, ten times a second)
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ContainerModule, tokens } from '@mien/core';
import sharp from 'sharp';

const picture = process.env.PICTURE ?? fileURLToPath(new URL('../docs/two-people.jpg', import.meta.url));

async function openStill(name) {
  const { data, info } = await sharp(readFileSync(picture)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const pixels = { data, width: info.width, height: info.height, format: 'rgb' };
  let index = 0;
  let open = true;
  return {
    name,
    state: 'live',
    stats: () => ({ received: index, dropped: 0 }),
    // The contract: the newest frame nobody has taken, null at the end; see core/src/camera/frame-source.ts.
    async next(signal) {
      await sleep(100, undefined, { signal });
      if (!open) return null;
      return { index: index++, pixels, capturedMonoMs: Number(process.hrtime.bigint()) / 1e6, capturedWallMs: Date.now(), decodeMs: 0, release() {} };
    },
    async [Symbol.asyncDispose]() {
      open = false;
    },
  };
}

export const sight = new ContainerModule(({ rebind }) => {
  rebind(tokens.CAMERAS).toConstantValue({ open: (camera) => openStill(camera.name), describe: () => 'one still picture' });
});
