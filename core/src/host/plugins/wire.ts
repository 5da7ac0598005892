/** Lines for plugins whose greater part is JSON already, because it goes to many or had to be measured. */
import { MienError } from '../../errors.ts';
import type { PluginError } from '../../plugin-messages.ts';
import { MAX_LINE_BYTES } from '../../plugin-runtime/channel.ts';

/** What a value of a call may measure as JSON, so that every line around it fits a channel. */
export const MAX_VALUE_BYTES = MAX_LINE_BYTES - 4096;

/** `head` without the key that `json` comes under. */
export function lineOf(plugin: string, head: object, key: string, json: string): string {
  return `${JSON.stringify({ plugin, ...head }).slice(0, -1)},"${key}":${json}}`;
}

/** Undefined becomes null. Errors: REQUEST_INVALID for what is no JSON or too large; `what` names it. */
export function encodeValue(value: unknown, what: string, maxBytes = MAX_VALUE_BYTES): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (fault) {
    throw new MienError('REQUEST_INVALID', `${what}: expected plain JSON data: ${fault instanceof Error ? fault.message.split('\n')[0] : fault}`);
  }
  json ??= 'null';
  if (json.length <= maxBytes / 3) return json;
  const bytes = Buffer.byteLength(json);
  if (bytes > maxBytes) throw new MienError('REQUEST_INVALID', `${what}: ${bytes} bytes as JSON, at most ${maxBytes} can be sent: send less at a time`);
  return json;
}

/** A fault as another plugin may see it: no stack, no cause, a message of bounded length. */
export function plainError(fault: unknown): PluginError {
  const { code, message } = MienError.from(fault, 'COMMAND_FAILED');
  return { code, message: message.length > 2000 ? `${message.slice(0, 2000)} ...` : message };
}
