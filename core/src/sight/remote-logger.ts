import type { Logger, LogLevel } from '../log.ts';
import type { LogLine, ToHost } from './messages.ts';

const levels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug', 'trace'];

/** Hands lines to the host, whose log alone decides where they go; what lies below its level does not cross the channel. */
export function createRemoteLogger(level: LogLevel, send: (message: ToHost) => void): Logger {
  const shown = new Set(levels.slice(0, levels.indexOf(level) + 1));
  const at = (one: LogLine['level']) => (fields: object, message: string) => {
    if (shown.has(one)) send({ type: 'log', level: one, fields: cloneable(fields), message });
  };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), trace: at('trace') };
}

/** What the channel cannot clone, such as a function in the error of some library, is told as text. */
function cloneable(fields: object): object {
  try {
    return structuredClone(fields);
  } catch {
    return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, asText(value)]));
  }
}

/** One JSON line, for a host that does not hear. */
export function formatLogLine({ level, fields, message }: LogLine): string {
  const line = { level, time: new Date().toISOString(), name: 'sight', ...fields, msg: message };
  return `${JSON.stringify(line, (_, value) => (value instanceof Error ? asText(value) : value))}\n`;
}

function asText(value: unknown): string {
  return value instanceof Error ? (value.stack ?? value.message) : String(value);
}
