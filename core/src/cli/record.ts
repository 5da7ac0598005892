import { dirname, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { createLogger } from '../create-logger.ts';
import { MienError } from '../errors.ts';
import { checkConfig, readSettings } from '../load-config.ts';
import { silentLogger } from '../log.ts';
import { createMien } from '../mien.ts';
import { newSession } from '../session.ts';
import type { Sight } from '../sight/sight.ts';
import { readScenario } from '../simulate/read-scenario.ts';
import { createSimulatedSight } from '../simulate/simulated-sight.ts';
import { tapeHeader } from '../tape/tape-format.ts';
import { openTapeRecorder } from '../tape/tape-recorder.ts';
import { cameraOption } from './run.ts';
import { hostConfig } from './simulate.ts';
import { untilSignalled } from './until-signalled.ts';

export interface RecordCommand {
  config?: string;
  camera?: string[];
  scenario?: string;
  seconds?: number;
  once?: boolean;
  force?: boolean;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const KEPT =
  'a tape keeps where faces were and what was read of them (age, gender, expression, looks), with the times: no picture, no embedding. ' +
  'It is data about the behaviour of persons: tell them, keep it no longer than needed.';

/** `mien record`. Ends with the scenario, after --seconds, with the sources (--once) or by a signal. Errors: OUTPUT_UNWRITABLE also when the disk is full later. */
export async function record(path: string, options: RecordCommand): Promise<void> {
  const { once = false, force = false, seconds } = options;
  const { config, sight } = await whatToWatch(options);
  const logger = createLogger({ level: 'warn', name: 'host' });
  const stop = untilSignalled();
  const session = newSession();
  try {
    // A fault of the tape ends this command and is told there.
    const recorder = await openTapeRecorder(path, tapeHeader(config, session, sight !== undefined), { logger: silentLogger, clock: session.clock, force });
    if (!sight) say(KEPT);
    try {
      await using mien = await createMien(config, {
        logger,
        session,
        onInput: recorder.onInput,
        once,
        api: false,
        baseFolder: options.config === undefined ? process.cwd() : dirname(resolve(options.config)),
        signal: stop.signal,
        ...(sight && { sight }),
      });
      say(`recording to ${path}${seconds === undefined ? '; stop with Ctrl-C' : ` for ${seconds} s`}`);
      const time = Promise.withResolvers<void>();
      const timer = seconds === undefined ? undefined : setTimeout(time.resolve, seconds * 1000);
      await Promise.race([mien.ended(), stop.signalled, time.promise, recorder.failed]);
      clearTimeout(timer);
    } finally {
      await recorder[Symbol.asyncDispose]();
    }
    if (recorder.fault) throw recorder.fault;
    say(`${recorder.records} records, ${(recorder.bytes / 1e6).toFixed(2)} MB`);
  } catch (fault) {
    if (!stop.signal.aborted || fault instanceof AggregateError) throw fault;
  } finally {
    stop[Symbol.dispose]();
  }
}

/** Cameras, or the people of a scenario: played once, as fast as it can be with --once. */
async function whatToWatch({ config: path, camera, scenario: file, once = false }: RecordCommand): Promise<{ config: Config; sight?: Sight }> {
  if (file !== undefined) {
    if (camera) throw new MienError('OPTION_UNKNOWN', '--camera and --scenario exclude each other: name one of them');
    const scenario = { ...(await readScenario(file)), loop: false };
    const config = await hostConfig(scenario, path === undefined ? {} : { config: path });
    return { config, sight: createSimulatedSight({ config, scenario, speed: once ? Number.POSITIVE_INFINITY : 1 }) };
  }
  const input = await readSettings(path);
  if (camera) input.cameras = camera.map(cameraOption);
  return { config: checkConfig(input, path ?? 'the command line') };
}
