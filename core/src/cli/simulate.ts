import { dirname, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { createLogger } from '../create-logger.ts';
import { MienError } from '../errors.ts';
import type { MienEvent } from '../events.ts';
import { formatEvent } from '../events-text.ts';
import { checkConfig, readSettings } from '../load-config.ts';
import type { LogLevel } from '../log.ts';
import { createMien } from '../mien.ts';
import { readScenario } from '../simulate/read-scenario.ts';
import { checkScenario, greetingScenario, type Scenario } from '../simulate/scenario.ts';
import { createSimulatedSight } from '../simulate/simulated-sight.ts';
import { onceLogger } from './once-logger.ts';
import { untilSignalled } from './until-signalled.ts';

export interface SimulateCommand {
  config?: string;
  speed?: string;
  once?: boolean;
  json?: boolean;
  host?: string;
  port?: number;
  logLevel?: string;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** `mien simulate`: the whole host with virtual people in place of cameras. Repeats the scenario until a signal comes; plays it once with --once. */
export async function simulate(path: string | undefined, options: SimulateCommand): Promise<void> {
  const once = options.once ?? false;
  const speed = speedOf(options.speed ?? (once ? 'max' : '1'));
  if (speed === Number.POSITIVE_INFINITY && !once) {
    throw new MienError('OPTION_UNKNOWN', '--speed max repeats a scenario without a pause: add --once, or give a number');
  }
  const written = path === undefined ? checkScenario(greetingScenario) : await readScenario(path);
  const scenario = { ...written, loop: !once };
  const config = await hostConfig(scenario, options);
  const whole = createLogger({ level: config.log.level as LogLevel, file: config.log.file, name: 'host' });
  const logger = once && options.logLevel === undefined ? onceLogger(whole) : whole;
  const print = (event: MienEvent): void => void process.stdout.write(`${options.json ? JSON.stringify(event) : formatEvent(event)}\n`);
  const stop = untilSignalled();
  try {
    say(`virtual people: nobody is seen by a camera; scenario "${scenario.name}"${path === undefined ? ' (name a scenario.yaml for another)' : ''}`);
    const sight = createSimulatedSight({ config, scenario, speed });
    await using mien = await createMien(config, {
      logger,
      sight,
      simulator: sight.simulator,
      once,
      api: !once || options.port !== undefined,
      baseFolder: options.config === undefined ? process.cwd() : dirname(resolve(options.config)),
      signal: stop.signal,
      onBus: (bus) => bus.subscribe({}, print, 'terminal'),
    });
    if (mien.url) say(`console: ${mien.url}   (stop with Ctrl-C)`);
    await Promise.race([mien.ended(), stop.signalled]);
  } catch (fault) {
    // What a signal broke off is no fault; a stop that failed is.
    if (!stop.signal.aborted || fault instanceof AggregateError) throw fault;
  } finally {
    stop[Symbol.dispose]();
  }
}

/** The configured camera of the scenario's name, with its lens and zones, or one with every default: no other camera is watched. */
export async function hostConfig(scenario: Scenario, { config: path, host, port, logLevel }: SimulateCommand): Promise<Config> {
  const input = await readSettings(path);
  input.api = { ...(input.api as object | undefined), ...(host !== undefined && { host }), ...(port !== undefined && { port }) };
  if (logLevel !== undefined) input.log = { ...(input.log as object | undefined), level: logLevel };
  const config = checkConfig(input, path ?? 'the command line');
  const named = config.cameras.filter(({ name }) => name === scenario.camera);
  return { ...config, cameras: named.length > 0 ? named : checkConfig({ cameras: [{ name: scenario.camera }] }).cameras };
}

function speedOf(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const speed = Number(text);
  if (!(speed >= 0.1 && speed <= 100)) throw new MienError('OPTION_UNKNOWN', `--speed expects max or a number from 0.1 to 100 (1 as in life), not "${text}"`);
  return speed;
}
