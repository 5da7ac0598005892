import { type ConfigInput, checkConfig } from '../../core/src/load-config.ts';
import { silentLogger } from '../../core/src/log.ts';
import type { Observation } from '../../core/src/observation.ts';
import type { Sight, SightListener, SightNotice } from '../../core/src/sight/sight.ts';
import { createSightClient, type SightClientOptions } from '../../core/src/sight/sight-client.ts';

/** Keeps what sight told. */
export class SightLog implements SightListener {
  readonly observations: Observation[] = [];
  readonly notices: SightNotice[] = [];

  observation(observation: Observation): void {
    this.observations.push(observation);
  }

  notice(notice: SightNotice): void {
    this.notices.push(notice);
  }

  /** Types of the notices that are not about models. */
  get turns(): string[] {
    return this.notices.map((notice) => notice.type).filter((type) => !type.startsWith('model.'));
  }
}

/** Sight in a child process over the bundled clip, started. */
export async function openSight(config: ConfigInput = {}, options: SightClientOptions = {}): Promise<{ sight: Sight; log: SightLog } & AsyncDisposable> {
  const sight = createSightClient(checkConfig(config), silentLogger, options);
  const log = new SightLog();
  await sight.start(log);
  return { sight, log, [Symbol.asyncDispose]: () => Promise.resolve(sight[Symbol.asyncDispose]()) };
}
