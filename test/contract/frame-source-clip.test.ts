import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openClipCamera } from '../../core/src/camera/clip-camera.ts';
import { temporaryFolder } from '../support/ffmpeg-session.ts';
import { framePicture, frameSourceContract } from './frame-source.ts';

const [frames, framesPerSecond] = [12, 20];
const path = join(temporaryFolder(), 'clip.mjpeg');
const picture = await framePicture();
writeFileSync(path, Buffer.concat(Array.from({ length: frames }, () => picture)));

frameSourceContract({
  name: 'clip camera',
  frames,
  framesPerSecond,
  open: (options) => openClipCamera('main', { path, framesPerSecond, ...options }),
});
