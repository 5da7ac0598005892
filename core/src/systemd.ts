/** Tells systemd how Mien is: ready, stopping, alive. Silent where systemd did not ask (no NOTIFY_SOCKET). */
import type { Logger } from './log.ts';
import type { SightStatus } from './sight/sight.ts';

export interface ServiceNotifier extends Disposable {
  ready(status: string): void;
  stopping(): void;
}

const silent: ServiceNotifier = { ready() {}, stopping() {}, [Symbol.dispose]() {} };

/**
 * The watchdog's ping (WATCHDOG_USEC) is passed on only while sight runs, so that a device whose eye is dead for good is
 * restarted by systemd. The addon sends the datagram: Node has no Unix datagram sockets.
 */
export async function openServiceNotifier(sight: { status(): SightStatus }, logger: Logger): Promise<ServiceNotifier> {
  if (!process.env['NOTIFY_SOCKET']) return silent;
  const { notify } = await import('@mien/native');
  const tell = (message: string): void => {
    try {
      notify(message);
    } catch (fault) {
      logger.warn({ err: fault }, 'systemd could not be told');
    }
  };
  const everyMs = Number(process.env['WATCHDOG_USEC'] ?? 0) / 1000 / 2;
  let pinging: NodeJS.Timeout | undefined;
  return {
    ready(status) {
      tell(`READY=1\nSTATUS=${status}`);
      if (everyMs > 0) {
        pinging = setInterval(() => {
          if (sight.status().state === 'running') tell('WATCHDOG=1');
        }, everyMs);
      }
    },
    stopping: () => tell('STOPPING=1'),
    [Symbol.dispose]() {
      clearInterval(pinging);
    },
  };
}
