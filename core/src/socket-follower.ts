/** Follows the events socket for client.ts: one async iterator over all connections, resuming where the last one ended. */
import { ClientError } from './client-error.ts';
import type { SocketFrame } from './console/answers.ts';

export type ConnectionState = 'connecting' | 'open' | 'lost';

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onConnection?: ((state: ConnectionState) => void) | undefined;
  /** Longest pause between two attempts to connect, 8 s unless said otherwise: for who is on the same machine. */
  readonly mostDelayMs?: number | undefined;
  /** Called when a resume could not bring everything back; `missed` is unknown after a restart of Mien. */
  readonly onGap?: ((gap: { reason: 'expired' | 'restarted'; missed?: number }) => void) | undefined;
}

export interface Resume {
  readonly since: number;
  readonly bootId: string | undefined;
}

/** Items waiting for a slow consumer above which the connection is closed until they are taken, then resumed. */
const maximumWaiting = 1000;
/** The server beats every 15 s. */
const silenceMs = 40_000;
const backOffMs = { least: 250, most: 8000 };

interface SocketOptions extends FollowOptions {
  readonly newestOnly?: boolean;
  /** A plain call that tells a refusal, which a socket that is not let in cannot see, from silence. */
  readonly probe: () => Promise<unknown>;
}

export async function* followSocket<T>(
  address: (resume: Resume | undefined) => URL,
  options: SocketOptions,
  pick: (frame: SocketFrame) => T | undefined,
): AsyncIterableIterator<T> {
  const { signal, onConnection, onGap, probe, newestOnly = false, mostDelayMs = backOffMs.most } = options;
  let resume: Resume | undefined;
  let bootId: string | undefined;
  let delayMs = backOffMs.least;
  const delivered = new Set<string>();

  while (!signal?.aborted) {
    onConnection?.('connecting');
    const waiting: T[] = [];
    let wake = (): void => {};
    let ended = false;
    let opened = false;
    let fault: ClientError | undefined;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const socket = new WebSocket(address(resume));
    const end = (): void => {
      ended = true;
      clearTimeout(silence);
      socket.close();
      wake();
    };
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(end, silenceMs);
    };
    const accept = (frame: SocketFrame): void => {
      if (frame.kind === 'hello') {
        opened = true;
        bootId = frame.bootId;
        delayMs = backOffMs.least;
        resume ??= frame.subscription.mode === 'events' ? { since: frame.subscription.since ?? frame.newest ?? 0, bootId } : undefined;
        onConnection?.('open');
      } else if (frame.kind === 'gap') {
        onGap?.(frame);
        delivered.clear();
      } else if (frame.kind === 'error') {
        fault = new ClientError(frame.error.code, frame.error.message, 400);
        end();
        return;
      }
      const item = pick(frame);
      const id = frame.kind === 'event' ? frame.event.id : undefined;
      if (item !== undefined && !(id !== undefined && delivered.has(id))) {
        if (newestOnly) waiting.length = 0;
        waiting.push(item);
        if (id !== undefined) remember(delivered, id);
        wake();
      }
      if (frame.kind === 'event') bootId = frame.event.data.clock.bootId;
      if (frame.kind === 'event' || frame.kind === 'heartbeat') resume = { since: frame.resume, bootId };
      // Closed here, what is not yet received stays on the server and is asked for again.
      if (waiting.length >= maximumWaiting) end();
    };
    socket.addEventListener('message', ({ data }) => {
      heard();
      if (!ended) accept(JSON.parse(String(data)) as SocketFrame);
    });
    socket.addEventListener('close', end);
    socket.addEventListener('error', end);
    signal?.addEventListener('abort', end, { once: true });
    heard();
    try {
      while (!signal?.aborted) {
        const item = waiting.shift();
        if (item !== undefined) yield item;
        else if (ended) break;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      signal?.removeEventListener('abort', end);
      end();
    }
    if (fault) throw fault;
    if (signal?.aborted) return;
    onConnection?.('lost');
    if (!opened) await throwIfRefused(probe);
    await pause(delayMs * (0.75 + Math.random() / 2), signal);
    delayMs = Math.min(delayMs * 2, mostDelayMs);
  }
}

async function throwIfRefused(probe: () => Promise<unknown>): Promise<void> {
  await probe().catch((error: unknown) => {
    if (error instanceof ClientError && (error.status === 401 || error.status === 403)) throw error;
  });
}

/** With debounce a resume may repeat some events; the newest ids tell them apart. */
function remember(delivered: Set<string>, id: string): void {
  delivered.add(id);
  const [oldest] = delivered;
  if (delivered.size > 512 && oldest !== undefined) delivered.delete(oldest);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
