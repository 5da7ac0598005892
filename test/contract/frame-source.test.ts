import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { openClipCamera } from '../../core/src/camera/clip-camera.ts';
import type { FrameSource } from '../../core/src/camera/frame-source.ts';
import { makeVideo, openSession, temporaryFolder } from '../support/ffmpeg-session.ts';
import { requireFfmpeg } from '../support/programs.ts';
import { frameSourceContract, type PlayOptions } from './frame-source.ts';

const folder = temporaryFolder();
const [frames, framesPerSecond] = [12, 20];

const white = { create: { width: 32, height: 24, channels: 3, background: '#ffffff' } } as const;
const picture = await sharp({ create: { width: 64, height: 48, channels: 3, background: '#000000' } })
  .composite([{ input: white, left: 0, top: 0 }])
  .jpeg({ quality: 95 })
  .toBuffer();
const clip = join(folder, 'clip.mjpeg');
writeFileSync(clip, Buffer.concat(Array.from({ length: frames }, () => picture)));

frameSourceContract({
  name: 'clip camera',
  frames,
  framesPerSecond,
  open: (options) => openClipCamera('main', { path: clip, framesPerSecond, ...options }),
});

requireFfmpeg();
const video = join(folder, 'clip.mp4');
makeVideo('-f', 'mjpeg', '-framerate', String(framesPerSecond), '-i', clip, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', video);

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
