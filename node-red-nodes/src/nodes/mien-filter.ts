/** Sorts people: those who match to the first output, the rest to the second. An event goes whole, a list is split. */
import { defineNode } from '../define-node.ts';
import { NodeFault } from '../node-fault.ts';
import { type FilterDef, isPart, readFilterDialog } from '../person-conditions.ts';
import type { Message, Red } from '../red.ts';

export default function mienFilter(red: Red): void {
  defineNode<FilterDef>(
    red,
    'mien-filter',
    (node) => {
      const holds = readFilterDialog(node.def);
      let match = 0;
      let rest = 0;
      const count = (matching: number, others: number): void => {
        match += matching;
        rest += others;
        node.show('ok', node.text('mien-filter.status.counts', { match, rest }));
      };
      return {
        input(msg, send) {
          const list = listOf(msg);
          if (!list) {
            const person = personOf(msg);
            const isMatch = holds(person);
            count(isMatch ? 1 : 0, isMatch ? 0 : 1);
            send(isMatch ? [msg, null] : [null, msg]);
            return;
          }
          const is = list.items.map((item) => isPart(item) && holds(item));
          const matching = list.items.filter((_, n) => is[n]);
          const others = list.items.filter((_, n) => !is[n]);
          count(matching.length, others.length);
          const part = (items: unknown[]): Message | null =>
            items.length === 0 && node.def.sendEmpty === false ? null : { ...msg, payload: list.withItems(items) };
          send([part(matching), part(others)]);
        },
      };
    },
    { hosted: false },
  );
}

/** People of mien-people or mien-camera, or faces of an analysis; undefined for anything else. */
function listOf({ payload }: Message): { readonly items: readonly unknown[]; withItems(items: unknown[]): unknown } | undefined {
  if (Array.isArray(payload)) return { items: payload, withItems: (items) => items };
  if (isPart(payload) && Array.isArray(payload['faces'])) return { items: payload['faces'], withItems: (faces) => ({ ...payload, faces }) };
  return undefined;
}

/** An event's person, or what is one itself. Throws INPUT_INVALID. */
function personOf({ payload }: Message): Readonly<Record<string, unknown>> {
  if (isPart(payload) && !Buffer.isBuffer(payload)) return isPart(payload['person']) ? payload['person'] : payload;
  const found = Buffer.isBuffer(payload) ? 'a Buffer' : (JSON.stringify(payload)?.slice(0, 60) ?? 'nothing');
  throw new NodeFault('INPUT_INVALID', `msg.payload is an event of mien-events, a person, or a list of people, not ${found}`);
}
