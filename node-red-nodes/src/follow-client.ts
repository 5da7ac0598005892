/** Work that lasts as long as a client of the host does: begun when it is connected, begun anew when its address changes. */
import type { Client } from '@mien/core/client';
import type { FlowNode, HostedDef } from './define-node.ts';
import type { NodeFault } from './node-fault.ts';

/** Between a failed attempt and the next. */
const AGAIN_MS = 5000;

/** `work` gets a signal that is aborted at the close and when another client takes over; what it rejects with goes to Catch, and it is tried again. */
export function followClient<D extends HostedDef>(node: FlowNode<D>, work: (client: Client, signal: AbortSignal) => Promise<void>): void {
  const { connection } = node;
  if (!connection) return;
  let present: { readonly client: Client; readonly ending: AbortController } | undefined;

  const run = async (client: Client, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        await work(client, signal);
      } catch (fault) {
        if (!signal.aborted) node.fault(fault as NodeFault);
      }
      await pause(AGAIN_MS, signal);
    }
  };
  const following = connection.on(({ kind }) => {
    if (kind !== 'connected') return;
    const client = connection.client();
    if (present?.client === client) return;
    present?.ending.abort();
    present = { client, ending: new AbortController() };
    void run(client, AbortSignal.any([node.signal, present.ending.signal]));
  });
  node.defer(() => {
    following[Symbol.dispose]();
    present?.ending.abort();
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
