/** Scenarios as they are written: YAML of the dialog, an object or YAML in a message. The host checks what they say. */
import { parse } from 'yaml';
import { NodeFault } from './node-fault.ts';

/** As the host takes at most. */
const LONGEST = 1024 * 1024;

/** Errors: INPUT_INVALID for what is no YAML or no mapping. */
export function readScenario(text: string): object {
  if (text.trim() === '') throw new NodeFault('INPUT_INVALID', 'there is no scenario: write one in the dialog, or send one as msg.payload');
  if (text.length > LONGEST) throw new NodeFault('INPUT_INVALID', `a scenario has at most ${LONGEST} characters, this one ${text.length}`);
  let read: unknown;
  try {
    read = parse(text, { merge: true });
  } catch (fault) {
    throw new NodeFault('INPUT_INVALID', `the scenario is not valid YAML: ${(fault as Error).message}`, { cause: fault });
  }
  if (isObject(read)) return read;
  throw new NodeFault('INPUT_INVALID', `a scenario is lines as "people: [{ id: anna, age: 34 }]", not ${shortly(read)}`);
}

/** The scenario of a payload: an object, or text; undefined for what carries none, as the time of an inject node. */
export function scenarioOf(payload: unknown, words: readonly string[]): object | undefined {
  if (isObject(payload)) return payload;
  if (typeof payload !== 'string' || payload.trim() === '' || words.includes(payload)) return undefined;
  return readScenario(payload);
}

/** Who is to come: `{ people }`, a list, or one with an id. Errors: INPUT_INVALID. */
export function peopleOf(payload: unknown): { people: readonly unknown[] } {
  if (Array.isArray(payload)) return { people: payload };
  if (isObject(payload)) return { people: Array.isArray(payload['people']) ? payload['people'] : [payload] };
  throw new NodeFault('INPUT_INVALID', `msg.payload says who comes, as { "id": "anna", "age": 34 }, not ${shortly(payload)}`);
}

/** `{ id, ...change }`, or the id alone. Errors: INPUT_INVALID. */
export function personOf(payload: unknown): { readonly id: string; readonly change: object } {
  const { id, ...change } = isObject(payload) ? payload : { id: payload };
  if (typeof id === 'string' && id !== '') return { id, change };
  throw new NodeFault('INPUT_INVALID', `msg.payload names a virtual person, as { "id": "anna" }, not ${shortly(payload)}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}

function shortly(value: unknown): string {
  return Buffer.isBuffer(value) ? 'a Buffer' : (JSON.stringify(value)?.slice(0, 60) ?? 'nothing');
}
