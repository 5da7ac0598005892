#!/usr/bin/env node
// A stand-in for ffmpeg with V4L2 cameras, for machines without a camera. It is not ffmpeg and says so. A device is a file
// in the folder $STAND_IN_DEVICES: absent = unplugged; its content says how the camera behaves:
//   ok       30 frames a second        stall    one frame, then silence, deaf to SIGTERM
// While it is open, `<device>.lock` holds the pid, and a second opener is refused as the kernel would.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, join } from 'node:path';

const args = process.argv.slice(2);
const option = (name) => args[args.indexOf(name) + 1];
const device = option('-i');
const socketPath = args.at(-1).replace(/^unix:/, '');
const [width, height] = (args.includes('-video_size') ? option('-video_size') : '64x48').split('x').map(Number);
const file = join(process.env.STAND_IN_DEVICES, basename(device));
const lock = `${file}.lock`;

console.error('stand-in ffmpeg: this is not ffmpeg, and there is no camera');
if (option('-f') !== 'v4l2') fail(`${device}: Invalid data found when processing input`);
if (!existsSync(file)) fail(`[video4linux2,v4l2 @ 0x0] Cannot open video device ${device}: No such file or directory`, `${device}: No such file or directory`);
if (existsSync(lock) && isAlive(Number(readFileSync(lock, 'utf8')))) {
  fail('[video4linux2,v4l2 @ 0x0] ioctl(VIDIOC_STREAMON): Device or resource busy', `${device}: Device or resource busy`);
}
mkdirSync(process.env.STAND_IN_DEVICES, { recursive: true });
writeFileSync(lock, String(process.pid));
process.on('exit', () => rmSync(lock, { force: true }));

const behaviour = readFileSync(file, 'utf8').trim();
process.on('SIGTERM', () => {
  if (behaviour !== 'stall') process.exit(255);
});

const socket = connect(socketPath, () => {
  socket.write(`YUV4MPEG2 W${width} H${height} F30:1 Ip A1:1 C420mpeg2 XYSCSS=420MPEG2 XCOLORRANGE=LIMITED\n`);
  let frames = 0;
  const timer = setInterval(() => {
    if (!existsSync(file)) fail('[video4linux2,v4l2 @ 0x0] ioctl(VIDIOC_DQBUF): No such device', `${device}: No such device`);
    socket.write(Buffer.concat([Buffer.from('FRAME\n'), Buffer.alloc((width * height * 3) / 2, 16 + (frames % 200))]));
    frames += 1;
    console.log(`frame=${frames}`);
    if (behaviour !== 'stall') return;
    clearInterval(timer);
    setInterval(() => {}, 1000);
  }, 33);
});
socket.on('error', () => fail('av_interleaved_write_frame(): Broken pipe'));
socket.on('close', () => fail('av_interleaved_write_frame(): Broken pipe'));

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function fail(...lines) {
  for (const line of lines) console.error(line);
  process.exit(1);
}
