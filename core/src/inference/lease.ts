import type { Origin } from '../observation.ts';
import type { Session } from './backend.ts';
import type { DetectorNetwork, ModelFile, RecognizerNetwork } from './model-manifest.ts';

/** The networks of Mien by what they do; one of each role is in use at a time. */
export interface NetworkOfRole {
  readonly detector: DetectorNetwork;
  readonly recognizer: RecognizerNetwork;
}
export type Role = keyof NetworkOfRole;

/**
 * The right to use a loaded network for one inference: take it with `using`, prepare the input by `network` and `file`, run,
 * read the outputs. The session stays open until the last lease is returned, whatever is swapped meanwhile. Returning twice is
 * harmless.
 */
export interface Lease<N> extends Disposable {
  readonly session: Session;
  readonly network: N;
  readonly file: ModelFile;
  /** Who answers, as events state it. One object for the life of the session: it may be compared and kept. */
  readonly origin: Origin;
}

/** Where detector and recogniser get their networks. Errors: MODEL_STATE while no network of that role is ready. */
export interface Leases {
  lease<R extends Role>(role: R): Lease<NetworkOfRole[R]>;
}
