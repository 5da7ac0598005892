// A backend of your own around that of Mien: it says how long the runs of each network took. Try it with the bundled clip, from the repository's root:
//   npx mien run --config examples/timed-backend.yaml --once
// A backend for other hardware has the same shape: see core/src/inference/backend.ts for its contract.
import { ContainerModule, type InferenceBackend, type Logger, type Session, tokens } from '@mien/core';

const SAY_EVERY_MS = 10_000;

/** Says what it has measured from time to time, and at the end. */
function timed(network: string, session: Session, log: Logger): Session {
  let took: number[] = [];
  const say = () => {
    if (took.length === 0) return;
    const sorted = took.sort((a, b) => a - b);
    const at = (share: number) => Number(sorted[Math.floor(sorted.length * share)]?.toFixed(2));
    log.info({ network, device: session.info.device, runs: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95) }, 'inference timed');
    took = [];
  };
  const timer = setInterval(say, SAY_EVERY_MS).unref();
  return {
    info: session.info,
    ...(session.cores && { cores: session.cores }),
    ...(session.memory && { memory: session.memory.bind(session) }),
    warmUp: (runs) => session.warmUp(runs),
    async run(input, options) {
      const begun = performance.now();
      const outputs = await session.run(input, options);
      took.push(performance.now() - begun);
      return outputs; // which are the session's own: they are only handed on
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      say();
      await session[Symbol.asyncDispose]();
    },
  };
}

function timedBackend(backend: InferenceBackend, log: Logger): InferenceBackend {
  const { name, takes, hasExact } = backend;
  return {
    name,
    takes,
    ...(hasExact !== undefined && { hasExact }),
    load: async (network, file, path, options) => timed(network.name, await backend.load(network, file, path, options), log),
  };
}

export const sight = new ContainerModule(({ onActivation }) => {
  // What the configuration chose is kept and wrapped; `rebind(tokens.BACKEND)` would put another one in its place.
  onActivation(tokens.BACKEND, ({ get }, choice) => ({ ...choice, backend: timedBackend(choice.backend, get(tokens.LOGGER)) }));
});
