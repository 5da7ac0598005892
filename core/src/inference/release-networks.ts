import { MienError } from '../errors.ts';
import type { Role } from './lease.ts';
import type { Release } from './manifest-file.ts';
import type { NetworkManifest } from './model-manifest.ts';

/** The only network of that role. Errors: MODEL_NOT_FOUND. */
export function onlyOf(release: Release, role: Role): NetworkManifest {
  const networks = release.manifest.networks.filter((network) => network.role === role);
  const [network] = networks;
  if (network && networks.length === 1) return network;
  throw new MienError(
    'MODEL_NOT_FOUND',
    `The release ${release.manifest.name}@${release.manifest.version} has ${networks.length} networks with the role ${role}, expected one.`,
  );
}

/** The network, if it is of that role. Errors: MODEL_MISMATCH. */
export function ofRole(network: NetworkManifest, role: Role): NetworkManifest {
  if (network.role === role) return network;
  throw new MienError('MODEL_MISMATCH', `${network.name} is a ${network.role}, a ${role} is needed.`);
}

/** The network of another release that takes the place of this one: the same name, else the only one of its role. Errors: MODEL_NOT_FOUND. */
export function counterpart(release: Release, network: NetworkManifest): NetworkManifest {
  const same = release.manifest.networks.find((candidate) => candidate.name === network.name && candidate.role === network.role);
  return same ?? onlyOf(release, network.role);
}
