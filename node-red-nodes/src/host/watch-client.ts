/** Watches one address of a Mien over one socket: there, gone, and how it is. */
import { type Client, ClientError, type Status } from '@mien/core/client';

export interface ClientWatch {
  /** At each connection, at each change of the device's health, and every few seconds. */
  readonly onStatus: (status: Status) => void;
  /** The connection is gone or never came; tried again until disposed. */
  readonly onLost: (fault: ClientError) => void;
}

/** What changes the health of the device. */
const TYPES = ['backend.degraded', 'backend.recovered', 'camera.lost', 'camera.restored', 'plugin.failed', 'plugin.quarantined', 'model.selftest'] as const;
const REFRESH_MS = 5000;
const STATUS_WITHIN_MS = 4000;
/** After a refusal, which no waiting mends: somebody must change something. */
const REFUSED_MS = 10_000;
/** Between attempts at most. */
export const mostDelayMs = 2000;

export function watchClient(client: Client, { onStatus, onLost }: ClientWatch): Disposable {
  const ending = new AbortController();
  const { signal } = ending;
  let isOpen = false;

  const refresh = async (): Promise<void> => {
    try {
      const status = await client.status(AbortSignal.any([signal, AbortSignal.timeout(STATUS_WITHIN_MS)]));
      if (isOpen && !signal.aborted) onStatus(status);
    } catch (fault) {
      // A busy host answers the next time; one that is gone closes its socket.
      if (isRefusal(fault) && !signal.aborted) onLost(fault);
    }
  };
  const onConnection = (state: 'connecting' | 'open' | 'lost'): void => {
    if (signal.aborted || state === 'connecting') return;
    isOpen = state === 'open';
    if (isOpen) void refresh();
    else onLost(new ClientError('UNREACHABLE', 'the connection is lost', 0));
  };
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const _ of client.events({ types: TYPES, signal, onConnection, mostDelayMs })) void refresh();
      } catch (fault) {
        isOpen = false;
        if (!signal.aborted) onLost(isRefusal(fault) ? fault : new ClientError('INTERNAL', String(fault), 0));
        await new Promise((resolve) => {
          const timer = setTimeout(resolve, REFUSED_MS);
          signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
        });
      }
    }
  };
  void follow();
  const timer = setInterval(() => isOpen && void refresh(), REFRESH_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      ending.abort();
    },
  };
}

function isRefusal(fault: unknown): fault is ClientError {
  return fault instanceof ClientError && fault.status !== 0;
}
