/** A process that holds an ffmpeg camera, to be killed: `node ffmpeg-host.ts SOURCE`. Prints ffmpeg's pid once frames come. */
import { openSession } from './ffmpeg-session.ts';

const session = await openSession({ source: process.argv[2] as string });
(await session.next()).release();
console.log(JSON.stringify({ pid: session.process.pid, socketPath: session.camera.socketPath }));
for (;;) (await session.next()).release();
