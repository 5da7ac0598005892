import type { Logger, LogLevel } from '../log.ts';
import type { LifeFromPlugin } from '../plugin-messages.ts';

const levels = ['error', 'warn', 'info', 'debug', 'trace'] as const;
/** Characters of one line's fields and message. */
const maxFields = 16_384;
const maxMessage = 4096;

/** Hands a plugin's lines to the host, whose log alone decides where they go; what lies below its level does not cross. */
export function createPluginLog(level: LogLevel, send: (message: LifeFromPlugin) => void): Logger {
  const shown: readonly LogLevel[] = levels.slice(0, (levels as readonly LogLevel[]).indexOf(level) + 1);
  const at = (one: (typeof levels)[number]) => (fields: unknown, message?: unknown) => {
    if (!shown.includes(one)) return;
    // A lone string is what people write first.
    const [given, text] = message === undefined && typeof fields === 'string' ? [{}, fields] : [fields, message];
    send({ type: 'log', level: one, fields: plain(given), message: String(text ?? '').slice(0, maxMessage) });
  };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), trace: at('trace') };
}

/** Errors as text, what is no JSON as text, too much cut off: a log line never fails. */
function plain(fields: unknown): object {
  try {
    const text = JSON.stringify(fields instanceof Error ? { err: fields } : fields, (_, value) => {
      if (value instanceof Error) return value.stack ?? String(value);
      return typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol' ? String(value) : value;
    });
    if (text === undefined) return {};
    if (text.length > maxFields) return { cut: text.slice(0, maxFields) };
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : { value };
  } catch (fault) {
    return { unprintable: String(fault).split('\n')[0] };
  }
}
