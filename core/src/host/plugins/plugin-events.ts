import type { Enveloper } from '../../enveloper.ts';
import type { MienEvent } from '../../events.ts';
import { monotonicMs } from '../../frame.ts';
import type { PluginLimits } from './plugin-limits.ts';

export interface PluginEvents {
  /** `retryMs` is absent when it is not started again by itself. */
  failed(name: string, reason: string, crashes: number, retryMs?: number): void;
  quarantined(name: string, reason: string, crashes: number): void;
}

/** Says in events what became of plugins. */
export function createPluginEvents(enveloper: Enveloper, { crashes: most, crashWindowMs }: PluginLimits, publish: (event: MienEvent) => void): PluginEvents {
  const moment = (name: string) => ({ subject: `plugin/${name}`, capturedMonoMs: monotonicMs(), capturedWallMs: Date.now() });
  const data = (rule: string, name: string, reason: string, crashes: number) => ({
    why: { rule, heldMs: 0, hits: crashes, of: most, thresholds: { crashes: most, crashWindowMs } },
    plugin: { name, reason, crashes },
  });
  return {
    failed(name, reason, crashes, retryMs) {
      const said = data('plugin.crashed', name, reason, crashes);
      publish(enveloper.envelope('plugin.failed', moment(name), { ...said, ...(retryMs !== undefined && { retryMs }) }));
    },
    quarantined: (name, reason, crashes) => publish(enveloper.envelope('plugin.quarantined', moment(name), data('plugin.crashes', name, reason, crashes))),
  };
}
