/** Who is here now: answers each message with the people before all cameras, or before one. */
import { defineNode, type HostedDef } from '../define-node.ts';
import { NodeFault } from '../node-fault.ts';
import type { Message, Red } from '../red.ts';

export interface PeopleDef extends HostedDef {
  /** Name of a camera; empty for all. `msg.camera` goes before it. */
  readonly camera?: string;
}

const WITHIN_MS = 5000;

export default function mienPeople(red: Red): void {
  defineNode<PeopleDef>(red, 'mien-people', (node) => ({
    async input(msg, send) {
      const camera = cameraOf(msg, node.def.camera);
      const people = await node.client().people(camera, AbortSignal.any([node.signal, AbortSignal.timeout(WITHIN_MS)]));
      node.show('ok', node.text('mien-people.status.here', { count: people.length }));
      msg.payload = people;
      send(msg);
    },
  }));
}

/** Throws INPUT_INVALID. */
function cameraOf({ camera }: Message, configured = ''): string | undefined {
  if (camera !== undefined && typeof camera !== 'string') {
    throw new NodeFault('INPUT_INVALID', `msg.camera is the name of a camera, as "main", not ${JSON.stringify(camera)?.slice(0, 60)}`);
  }
  return camera || configured || undefined;
}
