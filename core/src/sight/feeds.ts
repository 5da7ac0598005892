import type { CameraConfig } from '../config.ts';
import type { FeedNews, ToHost, ToSight } from './messages.ts';

/** Runs the programs that write camera frames to a socket of sight. */
export interface Feeds {
  /** Starts one for the camera; `tell` hears how it fares. Disposing stops it. */
  open(camera: CameraConfig, socketPath: string, tell: (news: FeedNews) => void): Disposable;
}

/** Feeds that the host runs: sight itself starts no programs. */
export class HostFeeds implements Feeds {
  readonly #send: (message: ToHost) => void;
  readonly #open = new Map<number, (news: FeedNews) => void>();
  #lastId = 0;

  constructor(send: (message: ToHost) => void) {
    this.#send = send;
  }

  open(camera: CameraConfig, socketPath: string, tell: (news: FeedNews) => void): Disposable {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#open.set(id, tell);
    this.#send({ type: 'feed.open', id, camera: camera.name, socketPath });
    return {
      [Symbol.dispose]: () => {
        if (this.#open.delete(id)) this.#send({ type: 'feed.close', id });
      },
    };
  }

  /** To be called with what the host tells. */
  receive({ id, news }: Extract<ToSight, { type: 'feed' }>): void {
    this.#open.get(id)?.(news);
  }
}
