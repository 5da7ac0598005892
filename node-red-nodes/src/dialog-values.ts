/** What is typed into a dialog, read. */
import { NodeFault } from './node-fault.ts';

/** Words separated by commas. */
export const listOf = (text = ''): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** Undefined when nothing was typed. With `most` it is from 0 to that. Errors: INPUT_INVALID, naming `what`. */
export function numberOf(given: number | string | undefined, what: string, most = Number.POSITIVE_INFINITY): number | undefined {
  if (given === undefined || given === '') return undefined;
  const number = Number(given);
  if (Number.isFinite(number) && (most === Number.POSITIVE_INFINITY || (number >= 0 && number <= most))) return number;
  throw new NodeFault('INPUT_INVALID', `${what} is a number${most === Number.POSITIVE_INFINITY ? '' : ` from 0 to ${most}`}, not "${given}"`);
}
