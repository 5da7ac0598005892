/** pino behind the house's Logger: readable lines for a terminal, JSON lines otherwise, a file beside it when asked for. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { destination, multistream, pino, type StreamEntry, stdTimeFunctions } from 'pino';
import type { Logger, LogLevel } from './log.ts';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** JSON lines are appended here as well. A full disk or a vanished folder is reported once on stderr and stops nothing. */
  readonly file?: string | undefined;
  /** Which process speaks: `host` or `sight`. */
  readonly name: string;
  readonly pretty?: boolean;
}

/** Secrets that must never reach a log, wherever they stand in the fields. */
const redact = ['token', '*.token', 'previewToken', '*.previewToken', 'authorization', '*.authorization', 'password', '*.password'];

export function createLogger(options: LoggerOptions): Logger {
  const pretty = options.pretty ?? process.stderr.isTTY === true;
  const streams: StreamEntry[] = [{ stream: pretty ? prettyStderr() : destination({ fd: 2, sync: true }), level: 'trace' }];
  if (options.file !== undefined) streams.push({ stream: fileStream(options.file), level: 'trace' });
  return pino(
    {
      level: options.level,
      base: null,
      // Not a binding: a line that the host writes for sight brings its own name.
      mixin: () => ({ name: options.name }),
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: redact, censor: '[secret]' },
    },
    multistream(streams),
  );
}

/** A disk slower than the log must not fill the memory: lines beyond this are left out of the file. */
const MAX_WAITING_BYTES = 1 << 20;

type Destination = ReturnType<typeof destination>;

function prettyStderr(): Destination {
  const pinoPretty = createRequire(import.meta.url)('pino-pretty') as (options: object) => Destination;
  return pinoPretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss', singleLine: true });
}

/** A plain append stream: pino's own destination retries a full disk forever and keeps the process from ending. */
function fileStream(path: string): { write(line: string): void } {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch {
    // The stream's own error tells what is wrong.
  }
  const file = createWriteStream(path, { flags: 'a' });
  let broken = false;
  file.on('error', (error) => {
    broken = true;
    process.stderr.write(`mien: the log file ${path} cannot be written (${error.message}); going on without it\n`);
  });
  return {
    write(line) {
      if (!broken && file.writableLength < MAX_WAITING_BYTES) file.write(line);
    },
  };
}
