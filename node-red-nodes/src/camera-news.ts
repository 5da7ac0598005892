/** What happens to one camera, out of how the host is: opened, lost, restored, ended. Each is told once. */
import type { Status } from '@mien/core/client';
import type { HostState } from './host-connection.ts';

export type CameraStatus = Status['sight']['cameras'][number];
export type CameraEvent = 'opened' | 'lost' | 'restored' | 'ended';

export interface CameraNews {
  readonly event: CameraEvent;
  readonly message: string;
  /** As the host tells it; absent when the host itself is lost, and for virtual people, whom no camera sees. */
  readonly status?: CameraStatus;
}

export class CameraWatch {
  readonly #camera: string;
  #known: 'nothing' | 'live' | 'lost' | 'ended' = 'nothing';

  constructor(camera: string) {
    this.#camera = camera;
  }

  /** Undefined when there is nothing new. A host that is starting says nothing of its cameras. */
  observe({ kind, text, status }: HostState): CameraNews | undefined {
    if (kind === 'starting') return undefined;
    if (kind !== 'connected') return this.#known === 'live' ? this.#turn('lost', { event: 'lost', message: text || 'the host is lost' }) : undefined;
    const found = status?.sight.cameras.find(({ name }) => name === this.#camera);
    if (found?.state === 'live') return this.live(found);
    if (found?.state === 'lost' && this.#known !== 'lost') {
      return this.#turn('lost', { event: 'lost', message: found.error?.message ?? 'no pictures come', status: found });
    }
    if (found?.state === 'ended' && this.#known !== 'ended') return this.#turn('ended', { event: 'ended', message: 'the file is over', status: found });
    return undefined;
  }

  /** Pictures come, or virtual people stand before it. */
  live(status?: CameraStatus): CameraNews | undefined {
    if (this.#known === 'live') return undefined;
    const event = this.#known === 'lost' ? 'restored' : 'opened';
    return this.#turn('live', { event, message: event === 'opened' ? 'pictures come' : 'pictures come again', ...(status && { status }) });
  }

  /** Begins anew: the next that is live has opened. */
  forget(): void {
    this.#known = 'nothing';
  }

  #turn(known: 'live' | 'lost' | 'ended', news: CameraNews): CameraNews {
    this.#known = known;
    return news;
  }
}
