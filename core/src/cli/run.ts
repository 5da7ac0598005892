import { createLogger } from '../create-logger.ts';
import { MienError } from '../errors.ts';
import type { MienEvent } from '../events.ts';
import { formatEvent } from '../events-text.ts';
import { type ConfigInput, checkConfig, readSettings } from '../load-config.ts';
import type { LogLevel } from '../log.ts';
import { createMien } from '../mien.ts';
import type { CameraStatus, ModelStatus } from '../sight/sight.ts';
import { untilSignalled } from './until-signalled.ts';

export interface RunOptions {
  config?: string;
  camera?: string[];
  once?: boolean;
  json?: boolean;
  host?: string;
  port?: number;
  precision?: string;
  detector?: string;
  logLevel?: string;
}

/** `mien run`. Resolves when every camera has ended or a signal came. */
export async function run(options: RunOptions): Promise<void> {
  const config = await runConfig(options);
  const logger = createLogger({ level: config.log.level as LogLevel, file: config.log.file, name: 'host' });
  const stop = untilSignalled();
  const out = options.json ? (event: MienEvent) => `${JSON.stringify(event)}\n` : (event: MienEvent) => `${formatEvent(event)}\n`;
  const api = !options.once || options.port !== undefined;
  try {
    await using mien = await createMien(config, {
      logger,
      once: options.once ?? false,
      api,
      signal: stop.signal,
      onBus: (bus) => bus.subscribe({}, (event) => void process.stdout.write(out(event)), 'terminal'),
    });
    greet(mien.url, await mien.sight.models.list());
    await Promise.race([mien.ended(), stop.signalled]);
    if (options.once && !stop.signal.aborted) failOnCameras(mien.sight.status().cameras);
  } catch (fault) {
    // What a signal broke off is no fault; a stop that failed is.
    if (!stop.signal.aborted || fault instanceof AggregateError) throw fault;
  } finally {
    stop[Symbol.dispose]();
  }
}

/** A camera that could not be played is no success, whatever the others gave. */
function failOnCameras(cameras: readonly CameraStatus[]): void {
  for (const { name, error } of cameras) {
    if (!error) continue;
    process.stderr.write(`mien: camera ${name}: ${error.message}\n`);
    process.exitCode = 1;
  }
}

/** The configuration file and the environment, and over them what the command line says. */
async function runConfig(options: RunOptions) {
  const input = await readSettings(options.config);
  const part = (name: keyof ConfigInput, values: Record<string, unknown>): void => {
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
    if (Object.keys(given).length > 0) input[name] = { ...(input[name] as object | undefined), ...given };
  };
  part('api', { host: options.host, port: options.port });
  part('model', { precision: options.precision, detector: options.detector });
  part('log', { level: options.logLevel ?? (options.once ? 'warn' : undefined) });
  if (options.camera) input.cameras = options.camera.map(cameraOption);
  return checkConfig(input, options.config ?? 'the command line');
}

/** `source` or `name=source`. */
function cameraOption(text: string, index: number): object {
  const named = /^([a-z0-9][a-z0-9-]{0,31})=(.+)$/.exec(text);
  if (named) return { name: named[1], source: named[2] };
  if (text === '') throw new MienError('OPTION_UNKNOWN', '--camera expects a source such as clip, lobby.mp4, /dev/video0 or rtsp://host/path');
  return { name: index === 0 ? 'main' : `camera-${index + 1}`, source: text };
}

/** What a person should know before the first event: the weights' licence, a fallback, the console's address. */
function greet(url: string | undefined, models: readonly ModelStatus[]): void {
  const ready = models.filter(({ state }) => state === 'ready');
  const research = ready.find(({ licence }) => licence.use === 'research');
  const say = (line: string) => process.stderr.write(`${line}\n`);
  if (research) say(`weights: ${research.licence.statement}`);
  for (const { degraded, name, degradedReason } of ready) if (degraded) say(`degraded: ${name}: ${degradedReason}`);
  if (url) say(`console: ${url}   (stop with Ctrl-C)`);
  if (url && /\/\/(0\.0\.0\.0|\[::\])/.test(url)) say('from another machine: this address with the name of this machine, and #token=... behind it');
}
