import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import { composeSight } from './compose-sight.ts';
import type { Feeds } from './feeds.ts';
import type { SightParts } from './sight-core.ts';

/** Tools in one process run no programs for cameras. */
const noFeeds: Feeds = {
  open() {
    throw new Error('this tool opens no cameras');
  },
};

/** Sight's parts in this process with models ready, for tools: analyse, verify, bench. Dispose `models` when done. */
export async function openLocalSight(config: Config, logger: Logger, signal?: AbortSignal): Promise<SightParts> {
  const parts = await composeSight(config, noFeeds, logger)(() => {});
  await parts.models.start(signal);
  return parts;
}
