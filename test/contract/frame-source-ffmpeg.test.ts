import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameSource } from '../../core/src/camera/frame-source.ts';
import { makeVideo, openSession, temporaryFolder } from '../support/ffmpeg-session.ts';
import { requireFfmpeg } from '../support/programs.ts';
import { framePicture, frameSourceContract, type PlayOptions } from './frame-source.ts';

requireFfmpeg();
const [frames, framesPerSecond] = [12, 20];
const folder = temporaryFolder();
const picture = join(folder, 'picture.jpg');
const video = join(folder, 'clip.mp4');
writeFileSync(picture, await framePicture());
const rate = String(framesPerSecond);
makeVideo('-loop', '1', '-framerate', rate, '-i', picture, '-frames:v', String(frames), '-c:v', 'libx264', '-pix_fmt', 'yuv420p', video);

frameSourceContract({
  name: 'ffmpeg camera',
  frames,
  framesPerSecond,
  async open({ pace, ...camera }: PlayOptions): Promise<FrameSource> {
    const session = await openSession({ source: video, once: pace === 'every', camera });
    const source = session.camera;
    const close = source[Symbol.asyncDispose].bind(source);
    source[Symbol.asyncDispose] = async () => {
      await close();
      await session.process[Symbol.asyncDispose]();
    };
    return source;
  },
});
