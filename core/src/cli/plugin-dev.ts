import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { createLogger } from '../create-logger.ts';
import { MienError } from '../errors.ts';
import type { MienEvent } from '../events.ts';
import { formatEvent } from '../events-text.ts';
import { allAskedFor } from '../host/plugins/held-grants.ts';
import { codeFingerprint } from '../host/plugins/plugin-files.ts';
import type { Plugins } from '../host/plugins/plugins.ts';
import { checkConfig, readSettings } from '../load-config.ts';
import type { LogLevel } from '../log.ts';
import { createMien } from '../mien.ts';
import { readScenario } from '../simulate/read-scenario.ts';
import { checkScenario, greetingScenario } from '../simulate/scenario.ts';
import { createSimulatedSight } from '../simulate/simulated-sight.ts';
import { stateFolder } from '../state-folder.ts';
import { fromAt, lookAtPlugin, type PluginLook } from './plugin-look.ts';
import { untilSignalled } from './until-signalled.ts';

export interface DevCommand {
  scenario?: string;
  config?: string;
  events?: boolean;
  port: number;
  logLevel?: string;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const LOOK_EVERY_MS = 200;

/**
 * `mien plugin dev <path>`: the plugin among virtual people, with its log in the foreground; loaded anew whenever its code changes. It is granted all
 * that it asks for. Options come from --config, or from the mien.yaml beside it.
 */
export async function pluginDev(given: string, options: DevCommand): Promise<void> {
  const from = resolve(fromAt(given, process.cwd()));
  if (!existsSync(from)) throw new MienError('PLUGIN_INVALID', `there is no file or folder ${from}; a new plugin is made by: mien plugin create greeter`);
  const look = await lookAtPlugin(from, process.cwd());
  const { name } = look.description;
  const scenario = { ...(options.scenario === undefined ? checkScenario(greetingScenario) : await readScenario(options.scenario)), loop: true };
  const { config, written } = await devConfig(from, look, options, scenario.camera);
  const logger = createLogger({ level: config.log.level as LogLevel, file: config.log.file, name: 'host' });
  const stop = untilSignalled();
  try {
    say(`${name} among virtual people, scenario "${scenario.name}"; ${written === undefined ? 'options: its defaults' : `options from ${written}`}`);
    say(`granted, since this is your own machine: ${allAskedFor(look.description).join(', ') || 'nothing, it needs nothing'}`);
    await using mien = await createMien(config, {
      logger,
      sight: createSimulatedSight({ config, scenario }),
      signal: stop.signal,
      baseFolder: dirname(from),
      onBus: (bus) => {
        if (options.events) bus.subscribe({}, (event: MienEvent) => void process.stdout.write(`${formatEvent(event)}\n`), 'terminal');
      },
    });
    const { plugins } = mien;
    report(plugins, name);
    say(`console: ${mien.url}   (stop with Ctrl-C)`);
    using _ = followCode(look, () => reload(plugins, name, from));
    await stop.signalled;
  } catch (fault) {
    // What a signal broke off is no fault; a stop that failed is.
    if (!stop.signal.aborted || fault instanceof AggregateError) throw fault;
  } finally {
    stop[Symbol.dispose]();
  }
}

/** The settings of a mien.yaml with this plugin as it is to be tried. `written`: the file, where one says something of it. */
async function devConfig(from: string, { place, description }: PluginLook, options: DevCommand, camera: string) {
  const beside = join(place.folder ?? dirname(place.entry), 'mien.yaml');
  const path = options.config ?? (existsSync(beside) ? beside : undefined);
  const settings = path === undefined ? undefined : checkConfig(await readSettings(path), path);
  const mine = settings?.plugins[description.name];
  // Those that provide what it uses; not the same code under another name.
  const others = Object.entries(settings?.plugins ?? {}).filter(([, other]) => other.from === undefined || resolve(other.from) !== from);
  const cameras = settings?.cameras.filter(({ name }) => name === camera) ?? [];
  const config = checkConfig({
    ...settings,
    cameras: cameras.length > 0 ? cameras : [{ name: camera }],
    api: { ...settings?.api, port: options.port },
    log: { ...settings?.log, ...(options.logLevel !== undefined && { level: options.logLevel }) },
    pluginFolder: undefined,
    // What it keeps here is none of a Mien's that runs on this machine for good.
    stateFolder: join(stateFolder(settings ?? {}), 'dev'),
    plugins: { ...Object.fromEntries(others), [description.name]: { ...mine, from, enabled: true, grant: allAskedFor(description) } },
  });
  return { config, written: mine && path !== undefined ? relative(process.cwd(), path) || path : undefined };
}

function report(plugins: Plugins, name: string): void {
  const { state, reason, commands } = plugins.status(name);
  say(`${name} is ${state}${reason ? `: ${reason}` : ''}`);
  for (const command of commands) say(`  command ${command}: mien answers POST /v1/commands/${command}`);
}

/** Code that does not load is told, and what ran goes on. */
async function reload(plugins: Plugins, name: string, from: string): Promise<void> {
  const begun = performance.now();
  try {
    const { description } = await lookAtPlugin(from, dirname(from));
    if (description.name !== name) say(`its name is "${description.name}" now; here it stays "${name}" until the next start`);
    await plugins.configure(name, { grant: allAskedFor(description), enabled: true });
    say(`-- loaded anew in ${Math.round(performance.now() - begun)} ms`);
    report(plugins, name);
  } catch (fault) {
    say(`-- not loaded, the former code goes on: ${MienError.from(fault).message}`);
  }
}

/** Calls back when the code has changed and come to rest; one call at a time. By looking: Node's recursive watch loses files that an editor replaced. */
function followCode({ place }: PluginLook, changed: () => Promise<void>): Disposable {
  let inUse = codeFingerprint(place);
  let seen = inUse;
  let isBusy = false;
  const timer = setInterval(async () => {
    if (isBusy) return;
    const before = seen;
    seen = codeFingerprint(place);
    // An editor writes in several steps.
    if (seen === inUse || seen !== before) return;
    isBusy = true;
    inUse = seen;
    await changed().finally(() => {
      isBusy = false;
    });
  }, LOOK_EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
