/** Summaries of the audience, on demand, from a Mien that keeps them; it is said plainly where one does not. */
import { type Client, ClientError } from '@mien/core/client';
import { defineNode, type FlowNode, type HostedDef } from '../define-node.ts';
import { faultOf } from '../node-fault.ts';
import type { Red } from '../red.ts';
import { newestOnly } from '../turns.ts';

const WITHIN_MS = 10_000;

export default function mienAudience(red: Red): void {
  defineNode<HostedDef>(red, 'mien-audience', (node) => {
    let asked: Client | undefined;
    const following = node.connection?.on(({ kind }) => {
      const client = kind === 'connected' ? node.client() : undefined;
      if (!client || client === asked) return;
      asked = client;
      // For the status alone: what fails is told to the messages.
      summaries(node, client).catch(() => {});
    });
    node.defer(() => following?.[Symbol.dispose]());
    return {
      input: newestOnly(async (msg, send) => {
        msg.payload = await summaries(node, node.client());
        send(msg);
      }),
    };
  });
}

/** Errors: SERVICE_UNAVAILABLE where the host keeps none. */
async function summaries(node: FlowNode<HostedDef>, client: Client): Promise<unknown> {
  try {
    const answer = await client.audience(AbortSignal.any([node.signal, AbortSignal.timeout(WITHIN_MS)]));
    node.show('ok', node.text('mien-audience.status.answers'));
    return answer;
  } catch (fault) {
    if (faultOf(fault).code !== 'ROUTE_NOT_FOUND') throw fault;
    node.show('warning', node.text('mien-audience.status.none'));
    throw new ClientError('SERVICE_UNAVAILABLE', 'this Mien keeps no summaries of the audience: a newer one may; until then count with mien-people', 404);
  }
}
