import { MienError } from '../errors.ts';
import { JpegFeed } from './jpeg-feed.ts';
import type { PreviewOptions, ToHost, ToSight } from './messages.ts';

interface Subscription {
  readonly camera: string;
  readonly options: PreviewOptions;
  readonly pictures: JpegFeed;
}

/** The previews that somebody in the host looks at, whatever run of sight delivers them. Bytes pass through unopened. */
export class PreviewRelay {
  readonly #send: (message: ToSight) => void;
  readonly #subscriptions = new Map<number, Subscription>();
  #lastId = 0;

  /** `send` reaches sight while it runs, and nobody otherwise. */
  constructor(send: (message: ToSight) => void) {
    this.#send = send;
  }

  open(camera: string, options: PreviewOptions): JpegFeed {
    this.#lastId += 1;
    const id = this.#lastId;
    const pictures = new JpegFeed(() => {
      this.#subscriptions.delete(id);
      this.#send({ type: 'preview.close', id });
    });
    this.#subscriptions.set(id, { camera, options, pictures });
    this.#send({ type: 'preview.open', id, camera, options });
    return pictures;
  }

  /** Sight was started anew: whoever looked goes on looking. */
  resume(): void {
    for (const [id, { camera, options }] of this.#subscriptions) this.#send({ type: 'preview.open', id, camera, options });
  }

  receive(message: Extract<ToHost, { type: 'preview' | 'preview.end' }>): void {
    const pictures = this.#subscriptions.get(message.id)?.pictures;
    if (message.type === 'preview') pictures?.put(message.jpeg);
    else {
      this.#subscriptions.delete(message.id);
      pictures?.end(message.error && new MienError(message.error.code, message.error.message));
    }
  }

  end(): void {
    for (const { pictures } of this.#subscriptions.values()) pictures.end();
    this.#subscriptions.clear();
  }
}
