import type { Config } from '../config.ts';
import { silentLogger } from '../log.ts';
import { createSightClient } from '../sight/sight-client.ts';

export interface ThroughputFigures {
  readonly framesPerSecond: number;
  readonly frames: number;
}

/** Sight in its own process on the clip, every frame as fast as it goes, decoding beside it, as `run --once` does. */
export async function measureThroughput(config: Config, frames: number, signal: AbortSignal): Promise<ThroughputFigures> {
  await using sight = createSightClient(config, silentLogger, { once: true });
  const enough = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => enough.reject(signal.reason), { once: true });
  enough.promise.catch(() => {});
  let seen = 0;
  let first = 0;
  let last = 0;
  await sight.start(
    {
      observation() {
        last = performance.now();
        if (seen === 0) first = last;
        seen += 1;
        if (seen > frames) enough.resolve();
      },
      notice() {},
    },
    signal,
  );
  await Promise.race([sight.ended(), enough.promise]);
  return { framesPerSecond: ((seen - 1) * 1000) / (last - first), frames: seen - 1 };
}
