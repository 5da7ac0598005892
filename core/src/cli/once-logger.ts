import type { Logger } from '../log.ts';

/**
 * For --once, which is watched for its events: of the host and of sight only what a person must know, of plugins all that they say. Lines of others
 * than the host carry their name.
 */
export function onceLogger(logger: Logger): Logger {
  const fromPlugin = (level: 'info' | 'debug' | 'trace') => (fields: object, message: string) => {
    if ('name' in fields && fields.name !== 'sight') logger[level](fields, message);
  };
  return {
    error: (fields, message) => logger.error(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    info: fromPlugin('info'),
    debug: fromPlugin('debug'),
    trace: fromPlugin('trace'),
  };
}
