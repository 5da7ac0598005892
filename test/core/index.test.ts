import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CameraOpener, checkConfig, type Frame, type FrameSource, newSession, type RunSession, replayTape } from '../../core/src/index.ts';

const index = suite('@mien/core');

index('authors of modules have the types of what they replace', async () => {
  const frame: Frame = {
    index: 0,
    pixels: { data: new Uint8Array(3), width: 1, height: 1, format: 'rgb' },
    capturedMonoMs: 1,
    capturedWallMs: 1,
    decodeMs: 0,
    release() {},
  };
  const source: FrameSource = {
    name: 'mine',
    state: 'live',
    next: async () => frame,
    stats: () => ({ received: 1, dropped: 0 }),
    async [Symbol.asyncDispose]() {},
  };
  const cameras: CameraOpener = { open: async () => source, describe: () => 'mine' };
  const opened = await cameras.open(checkConfig({}).cameras[0] as never, { once: true }, new AbortController().signal);
  assert.is(await opened.next(), frame);
});

index('a run can be repeated: sessions, tapes', async () => {
  const session: RunSession = newSession();
  assert.is.not(session.idSeed, newSession().idSeed);
  const fault = await replayTape('none.mientape', () => {}).catch((one) => one);
  assert.is(fault.code, 'INPUT_NOT_FOUND');
});

index.run();
