// A camera of your own, put in the place of Mien's: the container takes this module in the sight process. It shows one frame of the clip, ten
// times a second; PICTURE names another picture. Try it, from the repository's root; stop with Ctrl-C:
//   npx mien run --config examples/still-camera.yaml
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ContainerModule, tokens } from '@mien/core';
import sharp from 'sharp';

const picture = process.env.PICTURE ?? fileURLToPath(new URL('../docs/two-people.jpg', import.meta.url));

/** With --once a camera plays to its end and is over: here after five seconds. */
const ONCE_FRAMES = 50;

async function openStill(name, once) {
  const { data, info } = await sharp(readFileSync(picture)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const pixels = { data, width: info.width, height: info.height, format: 'rgb' };
  let index = 0;
  let open = true;
  return {
    name,
    get state() {
      return open ? 'live' : 'ended';
    },
    stats: () => ({ received: index, dropped: 0 }),
    // The contract: the newest frame nobody has taken, null at the end; see core/src/camera/frame-source.ts.
    async next(signal) {
      await sleep(100, undefined, { signal });
      if (once && index === ONCE_FRAMES) open = false;
      if (!open) return null;
      return { index: index++, pixels, capturedMonoMs: Number(process.hrtime.bigint()) / 1e6, capturedWallMs: Date.now(), decodeMs: 0, release() {} };
    },
    async [Symbol.asyncDispose]() {
      open = false;
    },
  };
}

export const sight = new ContainerModule(({ rebind }) => {
  rebind(tokens.CAMERAS).toConstantValue({ open: (camera, { once }) => openStill(camera.name, once), describe: () => 'one still picture' });
});
