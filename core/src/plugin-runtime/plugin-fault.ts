/** Errors as they cross between a plugin and the host. */
import { type ErrorCode, MienError } from '../errors.ts';
import type { PluginError } from '../plugin-messages.ts';
import { plainStack, refusalOf } from './fault-words.ts';

/** Characters that are handed on. */
const maxMessage = 2000;
const maxStack = 4000;

/** Codes of our own errors are kept, everything else gets `code`. `plugin`: whose fault it is, by its name in the configuration. */
export function toPluginError(error: unknown, code: ErrorCode, plugin = '<its name>'): PluginError {
  const refusal = refusalOf(error, plugin);
  const named = isMienError(error) ? error : MienError.from(error, code);
  const kept = named.code;
  const message = refusal ?? named.message;
  const stack = error instanceof Error && error.stack !== undefined ? plainStack(error.stack) : undefined;
  return { code: kept, message: message.slice(0, maxMessage) || String(error).slice(0, maxMessage), ...(stack && { stack: stack.slice(0, maxStack) }) };
}

export function fromPluginError({ code, message }: PluginError): MienError {
  return new MienError(code, message);
}

/** Also of another copy of our code, as where a plugin brings its own SDK. */
function isMienError(error: unknown): error is MienError {
  return error instanceof MienError || (error instanceof Error && error.name === 'MienError' && 'code' in error && typeof error.code === 'string');
}
