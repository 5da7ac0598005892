/** What comes from one camera as messages: people, the newest only, or pictures, the next when the one before was taken. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@mien/core/client';
import type { CameraDialog } from './camera-dialog.ts';
import type { Message } from './red.ts';

export interface StreamListener {
  send(msg: Message): void;
  /** Once for each reason, until something comes again. */
  refused(fault: unknown): void;
}

const PICTURE_WITHIN_MS = 10_000;
const AGAIN_MS = 5000;

/** One JPEG. Errors: those of the host, as FORBIDDEN without the scope camera.preview. */
export async function takePicture(client: Client, camera: string, signal: AbortSignal): Promise<Message> {
  const { buffer, byteOffset, byteLength } = await client.preview(camera, AbortSignal.any([signal, AbortSignal.timeout(PICTURE_WITHIN_MS)]));
  return { topic: 'picture', payload: Buffer.from(buffer, byteOffset, byteLength), camera };
}

/** Until the signal aborts. Never rejects: what is refused is tried again. */
export async function streamCamera(client: Client, dialog: CameraDialog, signal: AbortSignal, listener: StreamListener): Promise<void> {
  let told: string | undefined;
  const toldOnce = (fault: unknown): void => {
    const { code, message } = fault as { code?: string; message?: string };
    const reason = code ?? message ?? '';
    if (reason !== told) listener.refused(fault);
    told = reason;
  };
  const send = (msg: Message): void => {
    told = undefined;
    listener.send(msg);
  };
  const run = dialog.give === 'people' ? sendPeople : sendPictures;
  while (!signal.aborted) {
    try {
      await run(client, dialog, signal, send);
    } catch (fault) {
      if (signal.aborted) return;
      toldOnce(fault);
    }
    await pause(AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}

async function sendPeople(client: Client, { camera, mostPerSecond }: CameraDialog, signal: AbortSignal, send: (msg: Message) => void): Promise<void> {
  let wasEmpty = false;
  // Above one a second Mien gives them to who is on the same machine.
  const mode = mostPerSecond > 1 ? 'motion' : 'periodic';
  for await (const people of client.snapshots({ cameras: [camera], mode, leastMs: 1000 / mostPerSecond, signal })) {
    if (signal.aborted) return;
    // That nobody is here is news once.
    if (people.length > 0 || !wasEmpty) send({ topic: 'people', payload: people, camera });
    wasEmpty = people.length === 0;
  }
}

async function sendPictures(client: Client, { camera, mostPerSecond }: CameraDialog, signal: AbortSignal, send: (msg: Message) => void): Promise<void> {
  while (!signal.aborted) {
    const startedMs = performance.now();
    const msg = await takePicture(client, camera, signal);
    if (signal.aborted) return;
    send(msg);
    await pause(Math.max(0, startedMs + 1000 / mostPerSecond - performance.now()), undefined, { signal });
  }
}
