import type { Instance } from './instance.ts';
import type { StartOrder } from './start-order.ts';

/** A stop that has to end sooner than wished leaves each so much at least. */
const LEAST_STOP_MS = 150;
/** The share of the time for stopping in order; after it, all stop at once. */
const ORDERLY = 0.7;

/** Stops users before those whose services they use, as far as the time allows. */
export async function stopInOrder(instances: ReadonlyMap<string, Instance>, order: StartOrder, withinMs: number): Promise<void> {
  const endsAt = performance.now() + withinMs;
  const hurry = Promise.withResolvers<void>();
  const timer = setTimeout(hurry.resolve, withinMs * ORDERLY);
  const stops = new Map<string, Promise<void>>();

  const stop = (instance: Instance): Promise<void> => {
    const { name } = instance;
    const known = stops.get(name);
    if (known) return known;
    const stopping = Promise.withResolvers<void>();
    stops.set(name, stopping.promise);
    const users = order.usersOf(name).flatMap((user) => instances.get(user) ?? []);
    // Who does not run uses nothing, and may be part of a circle.
    const waitFor = users.filter(({ state }) => state === 'running' || state === 'stopping').map(stop);
    Promise.race([hurry.promise, Promise.all(waitFor)])
      .then(() => instance.stop(Math.max(LEAST_STOP_MS, Math.min(instance.given.settings.stopWithinMs, endsAt - performance.now()))))
      .then(stopping.resolve, stopping.reject);
    return stopping.promise;
  };

  await Promise.all([...instances.values()].map(stop));
  clearTimeout(timer);
}
