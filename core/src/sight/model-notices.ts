import { monotonicMs } from '../frame.ts';
import type { ModelListener } from '../inference/model-manager.ts';
import type { SightNotice } from './sight.ts';

/** Turns the states that networks pass through into the few notices the world needs: a self-test's result, a fallback, its end. */
export function modelNotices(notice: (notice: SightNotice) => void): ModelListener {
  const tested = new Map<string, number>();
  const degraded = new Map<string, boolean>();
  return (model) => {
    const atMonoMs = monotonicMs();
    if (model.selftest && tested.get(model.name) !== model.selftest.atWallMs) {
      tested.set(model.name, model.selftest.atWallMs);
      notice({ type: 'model.selftest', model, atMonoMs });
    }
    if (model.state !== 'ready' || model.degraded === (degraded.get(model.name) ?? false)) return;
    degraded.set(model.name, model.degraded);
    notice({ type: model.degraded ? 'backend.degraded' : 'backend.recovered', model, atMonoMs });
  };
}
