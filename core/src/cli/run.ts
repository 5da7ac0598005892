import { createLogger } from '../create-logger.ts';
import { MienError } from '../errors.ts';
import type { MienEvent } from '../events.ts';
import { formatEvent } from '../events-text.ts';
import { checkConfig, loadConfig, type ConfigInput, readConfigFile } from '../load-config.ts';
import type { LogLevel } from '../log.ts';
import { createMien } from '../mien.ts';
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
    await greet(mien.url, mien.sight, options);
    await Promise.race([mien.ended(), stop.signalled]);
  } catch (fault) {
    if (!stop.signal.aborted) throw fault;
  } finally {
    stop[Symbol.dispose]();
  }
}

/** The configuration file, and over it what the command line says. */
async function runConfig(options: RunOptions) {
  if (options.config === undefined && process.env['MIEN_TOKEN'] === undefined && Object.keys(options).length === 0) return loadConfig();
  const input: ConfigInput = options.config === undefined ? {} : await readConfigFile(options.config);
  const part = (name: keyof ConfigInput, values: Record<string, unknown>): void => {
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
    if (Object.keys(given).length > 0) input[name] = { ...(input[name] as object | undefined), ...given };
  };
  part('api', { token: process.env['MIEN_TOKEN'] || undefined, host: options.host, port: options.port });
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

async function greet(url: string | undefined, sight: { models: { list(): Promise<readonly { licence: { use: string; statement: string }; state: string; name: string; degraded: boolean; degradedReason?: string }[]> } }, options: RunOptions): Promise<void> {
  const models = (await sight.models.list()).filter(({ state }) => state === 'ready');
  const research = models.find(({ licence }) => licence.use === 'research');
  const say = (line: string) => process.stderr.write(`${line}\n`);
  if (research) say(`weights: ${research.licence.statement}`);
  for (const { degraded, name, degradedReason } of models) if (degraded) say(`degraded: ${name}: ${degradedReason}`);
  if (url) say(`console: ${url}   (local to this machine; stop with Ctrl-C)`);
  else if (process.stderr.isTTY && !options.json) say('playing once');
}
