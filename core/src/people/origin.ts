import type { EventOrigin } from '../events.ts';
import type { Origin } from '../observation.ts';

/** The origin of an observation or a model as events tell it. */
export function eventOrigin({ model, backend, npuCores, degraded, degradedReason, simulated }: Origin, profile: string): EventOrigin {
  return { model, backend, npuCores: [...npuCores], degraded, ...(degradedReason !== undefined && { degradedReason }), simulated, profile };
}
