import type { MienError } from '../errors.ts';
import type { ModelState, ModelStatus } from '../sight/sight.ts';
import type { BackendChoice } from './backends.ts';
import type { LoadedNetwork, NetworkChoice } from './loaded-network.ts';

/** One network as the host and the console see it. */
export function modelStatus(
  choice: NetworkChoice,
  backend: BackendChoice,
  now: { readonly state: ModelState; readonly loaded?: LoadedNetwork; readonly error?: MienError },
): ModelStatus {
  const { manifest } = choice.release;
  const { network } = choice;
  const licence = network.licence ?? manifest.licence;
  const { loaded, error } = now;
  const info = loaded?.session.info;
  const reasons = loaded?.degradedReasons ?? (backend.degraded ? [backend.degradedReason ?? 'second choice'] : []);
  return {
    name: network.name,
    role: network.role,
    state: now.state,
    release: manifest.name,
    version: manifest.version,
    precision: loaded?.file.precision ?? choice.precision,
    backend: backend.backend.name,
    device: info?.device ?? backend.backend.takes.chip,
    ...(info ? { runtime: info.runtime } : {}),
    npuCores: info?.npuCores ?? [],
    simulated: info?.simulated ?? backend.backend.name === 'fake',
    degraded: reasons.length > 0,
    ...(reasons.length > 0 ? { degradedReason: reasons.join(' ') } : {}),
    ...(loaded?.session.cores ? { npu: loaded.session.cores.status() } : {}),
    ...(loaded?.session.memory ? { memory: loaded.session.memory() } : {}),
    licence: { use: licence.use, name: licence.name, statement: licence.statement },
    heads: network.role === 'recognizer' ? Object.keys(network.heads) : [],
    ...(loaded?.selftest ? { selftest: loaded.selftest } : {}),
    ...(loaded ? { loadedAtWallMs: loaded.loadedAtWallMs } : {}),
    ...(error ? { error: error.toJSON() } : {}),
  };
}
