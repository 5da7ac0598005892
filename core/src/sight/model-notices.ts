import { monotonicMs } from '../frame.ts';
import type { ModelListener } from '../inference/model-manager.ts';
import type { SightNotice } from './sight.ts';

/** Turns the states that networks pass through into the few notices the world needs: a self-test's result, a fallback or lost core, its end. */
export function modelNotices(notice: (notice: SightNotice) => void): ModelListener {
  const tested = new Map<string, number>();
  const degraded = new Map<string, string | undefined>();
  return (model) => {
    const atMonoMs = monotonicMs();
    if (model.selftest && tested.get(model.name) !== model.selftest.atWallMs) {
      tested.set(model.name, model.selftest.atWallMs);
      notice({ type: 'model.selftest', model, atMonoMs });
    }
    const reason = model.degraded ? (model.degradedReason ?? 'second choice') : undefined;
    if (model.state !== 'ready' || reason === degraded.get(model.name)) return;
    degraded.set(model.name, reason);
    notice({ type: model.degraded ? 'backend.degraded' : 'backend.recovered', model, atMonoMs });
  };
}
