import { createLogger } from '../create-logger.ts';
import { checkConfig, readSettings } from '../load-config.ts';
import { silentLogger } from '../log.ts';
import { createMien } from '../mien.ts';
import { newSession } from '../session.ts';
import { tapeHeader } from '../tape/tape-format.ts';
import { openTapeRecorder } from '../tape/tape-recorder.ts';
import { cameraOption } from './run.ts';
import { untilSignalled } from './until-signalled.ts';

export interface RecordCommand {
  config?: string;
  camera?: string[];
  seconds?: number;
  once?: boolean;
  force?: boolean;
}

const KEPT =
  'a tape keeps where faces were and what was read of them (age, gender, expression, looks), with the times: no picture, no embedding. ' +
  'It is data about the behaviour of persons: tell them, keep it no longer than needed.';

/** `mien record`. Ends after --seconds, with the sources (--once) or by a signal. Errors: OUTPUT_UNWRITABLE also when the disk is full later. */
export async function record(path: string, options: RecordCommand): Promise<void> {
  const input = await readSettings(options.config);
  if (options.camera) input.cameras = options.camera.map(cameraOption);
  const config = checkConfig(input, options.config ?? 'the command line');
  const logger = createLogger({ level: 'warn', name: 'host' });
  const stop = untilSignalled();
  const session = newSession();
  try {
    const force = options.force ?? false;
    // A fault of the tape ends this command and is told there.
    const recorder = await openTapeRecorder(path, tapeHeader(config, session, false), { logger: silentLogger, clock: session.clock, force });
    process.stderr.write(`${KEPT}\n`);
    try {
      await using mien = await createMien(config, {
        logger,
        session,
        onInput: recorder.onInput,
        once: options.once ?? false,
        api: false,
        signal: stop.signal,
      });
      process.stderr.write(`recording to ${path}${options.seconds === undefined ? '; stop with Ctrl-C' : ` for ${options.seconds} s`}\n`);
      const time = Promise.withResolvers<void>();
      const timer = options.seconds === undefined ? undefined : setTimeout(time.resolve, options.seconds * 1000);
      await Promise.race([mien.ended(), stop.signalled, time.promise, recorder.failed]);
      clearTimeout(timer);
    } finally {
      await recorder[Symbol.asyncDispose]();
    }
    if (recorder.fault) throw recorder.fault;
    process.stderr.write(`${recorder.records} records, ${(recorder.bytes / 1e6).toFixed(2)} MB\n`);
  } catch (fault) {
    if (!stop.signal.aborted || fault instanceof AggregateError) throw fault;
  } finally {
    stop[Symbol.dispose]();
  }
}
