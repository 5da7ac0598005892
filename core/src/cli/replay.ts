import { dirname, resolve } from 'node:path';
import { createLogger } from '../create-logger.ts';
import { MienError } from '../errors.ts';
import type { MienEvent } from '../events.ts';
import { formatEvent } from '../events-text.ts';
import { checkConfig, readSettings } from '../load-config.ts';
import type { LogLevel } from '../log.ts';
import { createMien } from '../mien.ts';
import { replayTape } from '../tape/replay-tape.ts';
import { openTape, type Tape } from '../tape/tape-reader.ts';
import { createTapeSight } from '../tape/tape-sight.ts';
import { untilSignalled } from './until-signalled.ts';

export interface ReplayCommand {
  speed?: string;
  json?: boolean;
  config?: string;
  host?: string;
  port?: number;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** `mien replay`. The events alone, or with --port in the full host: console, API and plugins. */
export async function replay(path: string, options: ReplayCommand): Promise<void> {
  const speed = speedOf(options.speed);
  const print = (event: MienEvent): void => void process.stdout.write(`${options.json ? JSON.stringify(event) : formatEvent(event)}\n`);
  const stop = untilSignalled();
  const tape = await openTape(path);
  try {
    say(`recorded ${new Date(tape.header.startedAt[1]).toISOString()} by Mien ${tape.header.mien}${tape.header.simulated ? ', with virtual people' : ''}`);
    if (options.port === undefined) {
      const config = options.config === undefined ? tape.config : checkConfig(await readSettings(options.config), options.config);
      await replayTape(tape, print, { config, speed, signal: stop.signal });
    } else await inHost(tape, speed, options, print, stop);
    if (tape.ending === 'torn') say(`${tape.name} breaks off: its recording was not ended in good order; everything before was played`);
  } catch (fault) {
    if (!stop.signal.aborted || fault instanceof AggregateError) throw fault;
  } finally {
    await tape[Symbol.asyncDispose]();
    stop[Symbol.dispose]();
  }
}

async function inHost(tape: Tape, speed: number, options: ReplayCommand, print: (event: MienEvent) => void, stop: ReturnType<typeof untilSignalled>) {
  const input = { ...(await readSettings(options.config)), ...(options.config === undefined ? tape.header.config : {}) };
  input.api = { ...(input.api as object | undefined), ...(options.host !== undefined && { host: options.host }), port: options.port };
  const config = checkConfig(input, options.config ?? `the header of ${tape.name}`);
  const logger = createLogger({ level: config.log.level as LogLevel, file: config.log.file, name: 'host' });
  const sight = createTapeSight(tape, speed);
  await using mien = await createMien(config, {
    logger,
    sight,
    session: sight.session,
    signal: stop.signal,
    baseFolder: options.config === undefined ? process.cwd() : dirname(resolve(options.config)),
    onBus: (bus) => bus.subscribe({}, print, 'terminal'),
  });
  say(`console: ${mien.url}   (stop with Ctrl-C)`);
  await Promise.race([mien.ended(), stop.signalled]);
  if (stop.signal.aborted) return;
  say('the tape is over; the console stays (stop with Ctrl-C)');
  await stop.signalled;
}

function speedOf(text = '1'): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const speed = Number(text);
  if (!(speed > 0 && speed <= 1e6)) throw new MienError('OPTION_UNKNOWN', `--speed expects max or a number over 0 (1 is as it happened), not "${text}"`);
  return speed;
}
