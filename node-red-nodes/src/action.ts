/** What a message asks of a node that can do several things. */
import { NodeFault } from './node-fault.ts';
import type { Message } from './red.ts';

/** `msg.action`, or a payload that is the word alone (as an inject node sends it), or what the dialog says. Errors: INPUT_INVALID with all words. */
export function actionOf<A extends string>({ action, payload }: Message, actions: readonly A[], configured: A): A {
  const asked = action ?? (actions.includes(payload as A) ? payload : configured);
  if (actions.includes(asked as A)) return asked as A;
  throw new NodeFault('INPUT_INVALID', `msg.action is one of ${actions.join(', ')}, not ${JSON.stringify(asked)?.slice(0, 60)}`);
}

/** A property that is text when it is there; the dialog's where it is not. Errors: INPUT_INVALID. */
export function textOf(msg: Message, property: string, configured = ''): string {
  const value = msg[property] ?? configured;
  if (typeof value === 'string') return value.trim();
  throw new NodeFault('INPUT_INVALID', `msg.${property} is a text, not ${JSON.stringify(value)?.slice(0, 60)}`);
}
