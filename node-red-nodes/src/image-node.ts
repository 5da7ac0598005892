/** What the nodes that send an image to the host have in common: where it is in the message, whose turn it is, how long it may take. */
import { resolve } from 'node:path';
import type { Client } from '@mien/core/client';
import { defineNode, type FlowNode } from './define-node.ts';
import { type ImageDef, readImageDialog } from './image-dialog.ts';
import { readImage } from './image-input.ts';
import { NodeFault } from './node-fault.ts';
import type { Message, Red } from './red.ts';
import { inTurn, newestOnly, type Work } from './turns.ts';

export interface Question {
  readonly client: Client;
  readonly image: Uint8Array<ArrayBuffer>;
  readonly msg: Message;
  readonly signal: AbortSignal;
  /** Messages that this node dropped since the deploy, so far. */
  dropped(): number;
}

export interface Answer {
  /** Goes where the dialog says. */
  readonly result: unknown;
  /** For the status. */
  readonly count: number;
}

type Ask = (question: Question) => Promise<Answer>;

/** The catalogue of `type` has `status.done`, `status.dropped` and `status.failed`. */
export function defineImageNode<D extends ImageDef>(red: Red, type: string, open: (node: FlowNode<D>) => Ask): void {
  defineNode<D>(red, type, (node) => {
    const ask = open(node);
    const { property, result: target, folder, turns, most, timeoutMs } = readImageDialog(node.def);
    const source = { place: `msg.${property}`, folder: folder && resolve(red.settings.fileWorkingDirectory ?? '', folder) };
    const taken = new WeakSet<Message>();
    let count = 0;
    let dropped = 0;
    const show = (): void => {
      if (dropped > 0) node.show('warning', node.text(`${type}.status.dropped`, { count, dropped }));
      else node.show('ok', node.text(`${type}.status.done`, { count }));
    };

    const work: Work = async (msg, send) => {
      taken.add(msg);
      try {
        const client = node.client();
        const given = givenIn(red, msg, property);
        const signal = AbortSignal.any([node.signal, AbortSignal.timeout(timeoutMs)]);
        const image = await readImage(given, source);
        signal.throwIfAborted();
        const answer = await ask({ client, image, msg, signal, dropped: () => dropped });
        if (target === property) msg['image'] = given;
        put(red, msg, target, answer.result);
        count = answer.count;
      } catch (fault) {
        node.show('error', node.text(`${type}.status.failed`));
        throw fault;
      }
      show();
      send(msg);
    };
    const onDropped = (now: number): void => {
      dropped = now;
      show();
    };
    const run = turns === 'queue' ? inTurn(work, most) : newestOnly(work, onDropped);
    return {
      async input(msg, send) {
        await run(msg, send);
        // Somebody waits for an HTTP answer, which Catch can give.
        if (!taken.has(msg) && 'res' in msg)
          throw new NodeFault('BUSY', 'a newer image took the place of this one; where each is owed an answer, choose the queue');
      },
    };
  });
}

function givenIn(red: Red, msg: Message, property: string): unknown {
  try {
    return red.util.getMessageProperty(msg, property);
  } catch (cause) {
    throw new NodeFault('INPUT_INVALID', `there is no msg.${property}: the dialog says that the image is there`, { cause });
  }
}

function put(red: Red, msg: Message, target: string, value: unknown): void {
  try {
    if (red.util.setMessageProperty(msg, target, value, true)) return;
  } catch {
    // Told below: it is the dialog's.
  }
  throw new NodeFault('INPUT_INVALID', `the answer cannot be put into msg.${target}: the dialog names a property of the message, as payload`);
}
