/** What nodes see of a Mien: the object `connection` of a mien-host node. Shared between bundles, so types only. */
import type { Client, Status } from '@mien/core/client';

export type HostKind = 'starting' | 'connected' | 'lost' | 'failed' | 'stopped';

export interface HostState {
  /** lost: was connected, is tried again. failed: never came up, is tried again. stopped: given up, a new deploy begins anew. */
  readonly kind: HostKind;
  /** What is so, what was expected and what to do; for a person, in English. Empty when connected. */
  readonly text: string;
  /** The command that would bring a Mien, where none was found. */
  readonly installLine?: string;
  /** As it last was, some seconds old at most; absent while it is not connected. */
  readonly status?: Status;
  /** Address of the console and API, once it is known. */
  readonly url?: string;
  /** How often a Mien run here was started again after it ended by itself. */
  readonly restarts: number;
}

/** A camera as mien.yaml knows it. One of the same name and the same settings may be required by several. */
export interface CameraWish {
  readonly name: string;
  /** `clip`, a file, /dev/videoN, rtsp://... */
  readonly source: string;
  /** Further settings of mien.yaml's `cameras`, as { rotate: 90 }. */
  readonly [setting: string]: unknown;
}

export interface HostConnection {
  readonly mode: 'here' | 'connect';
  readonly state: HostState;
  /** Told the present state at once, then each change and each fresh `status`. Must not throw. */
  on(listener: (state: HostState) => void): Disposable;
  /** Throws HOST_UNAVAILABLE while it is not connected. The same object for as long as the address stays. */
  client(): Client;
  /**
   * A camera that the Mien run here must watch, until disposed. Changes within one deploy are taken together; Mien is started anew
   * when the cameras differ from those it runs with. Throws INPUT_INVALID when another camera of that name is required, or in mode `connect`
   * (the host there has its own).
   */
  requireCamera(camera: CameraWish): Disposable;
}

/** What RED.nodes.getNode gives for a mien-host. */
export interface HostNode {
  readonly connection: HostConnection;
}

/** The config node's id is in `host` of every node's dialog. */
export function connectionOf(node: unknown): HostConnection | undefined {
  return (node as Partial<HostNode> | null | undefined)?.connection;
}
