import { dirname, resolve } from 'node:path';
import { isSupervised, openBoot } from '../boot.ts';
import type { Config } from '../config.ts';
import { createLogger } from '../create-logger.ts';
import { MienError } from '../errors.ts';
import type { MienEvent } from '../events.ts';
import { formatEvent } from '../events-text.ts';
import type { PluginChange } from '../host/plugins/plugins.ts';
import { type ConfigInput, checkConfig, readSettings } from '../load-config.ts';
import type { Logger, LogLevel } from '../log.ts';
import { createMien } from '../mien.ts';
import { savePluginChange } from '../save-plugin.ts';
import type { CameraStatus, ModelStatus } from '../sight/sight.ts';
import { type ConfigWatch, watchConfig } from '../watch-config.ts';
import { onceLogger } from './once-logger.ts';
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
  safe?: boolean;
}

/** `mien run`. Resolves when every camera has ended or a signal came. */
export async function run(options: RunOptions): Promise<void> {
  const path = options.config;
  const override = (settings: ConfigInput): ConfigInput => withOptions(settings, options);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  await using boot = await openBoot({
    path,
    override,
    safe: options.safe ?? false,
    counts: !options.once,
    onUnwritable: (file, fault) => say(`mien: ${file} cannot be written, so starts are not counted: ${(fault as Error).message}`),
  });
  const { config, safeMode } = boot;
  const whole = createLogger({ level: config.log.level as LogLevel, file: config.log.file, name: 'host' });
  const logger = options.once && options.logLevel === undefined ? onceLogger(whole) : whole;
  let watch: ConfigWatch | undefined;
  // At a terminal that is closed SIGHUP ends Mien, from systemd it means to read the configuration again.
  const stop = untilSignalled(path !== undefined && isSupervised() ? () => void watch?.reload() : undefined);
  const out = options.json ? (event: MienEvent) => `${JSON.stringify(event)}\n` : (event: MienEvent) => `${formatEvent(event)}\n`;
  const api = !options.once || options.port !== undefined;
  try {
    await using mien = await createMien(config, {
      logger,
      once: options.once ?? false,
      api,
      safeMode,
      signal: stop.signal,
      onBus: (bus) => bus.subscribe({}, (event) => void process.stdout.write(out(event)), 'terminal'),
      ...(path !== undefined && { baseFolder: dirname(resolve(path)), saveChange: (name, change) => save(path, name, change, logger) }),
    });
    boot.running();
    const follows = path !== undefined && safeMode === undefined && !options.once;
    watch = follows ? watchConfig({ path, config, read: () => readRunConfig(options), apply: (plugins) => mien.plugins.apply(plugins), logger }) : undefined;
    await using _ = watch;
    if (safeMode !== undefined) say(`safe mode, without plugins and modules: ${safeMode}`);
    greet(mien.url, await mien.sight.models.list(), say);
    await Promise.race([mien.ended(), stop.signalled]);
    await boot.stopped();
    if (options.once && !stop.signal.aborted) failOnCameras(mien.sight.status().cameras);
  } catch (fault) {
    // What a signal broke off is no fault; a stop that failed is.
    if (stop.signal.aborted && !(fault instanceof AggregateError)) return await boot.stopped();
    await boot.failed(fault);
    throw fault;
  } finally {
    stop[Symbol.dispose]();
  }
}

/** False when the file could not be written: the change then lasts until Mien ends, and the log says why. */
async function save(path: string, name: string, change: PluginChange, logger: Logger): Promise<boolean> {
  try {
    await savePluginChange(path, name, change);
    return true;
  } catch (fault) {
    logger.error({ err: fault, path, plugin: name }, 'the change of a plugin could not be written into the configuration');
    return false;
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
async function readRunConfig(options: RunOptions): Promise<Config> {
  return checkConfig(withOptions(await readSettings(options.config), options), options.config);
}

function withOptions(input: ConfigInput, options: RunOptions): ConfigInput {
  const settings = { ...input };
  const part = (name: keyof ConfigInput, values: Record<string, unknown>): void => {
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
    if (Object.keys(given).length > 0) settings[name] = { ...(settings[name] as object | undefined), ...given };
  };
  part('api', { host: options.host, port: options.port });
  part('model', { precision: options.precision, detector: options.detector });
  part('log', { level: options.logLevel });
  if (options.camera) settings.cameras = options.camera.map(cameraOption);
  return settings;
}

/** `source` or `name=source`. */
export function cameraOption(text: string, index: number): object {
  const named = /^([a-z0-9][a-z0-9-]{0,31})=(.+)$/.exec(text);
  if (named) return { name: named[1], source: named[2] };
  if (text === '') throw new MienError('OPTION_UNKNOWN', '--camera expects a source such as clip, lobby.mp4, /dev/video0 or rtsp://host/path');
  return { name: index === 0 ? 'main' : `camera-${index + 1}`, source: text };
}

/** What a person should know before the first event: the weights' licence, a fallback, the console's address. */
function greet(url: string | undefined, models: readonly ModelStatus[], say: (line: string) => void): void {
  const ready = models.filter(({ state }) => state === 'ready');
  const research = ready.find(({ licence }) => licence.use === 'research');
  if (research) say(`weights: ${research.licence.statement}`);
  for (const { degraded, name, degradedReason } of ready) if (degraded) say(`degraded: ${name}: ${degradedReason}`);
  if (url) say(`console: ${url}   (stop with Ctrl-C)`);
  if (url && /\/\/(0\.0\.0\.0|\[::\])/.test(url)) say('from another machine: this address with the name of this machine, and #token=... behind it');
}
