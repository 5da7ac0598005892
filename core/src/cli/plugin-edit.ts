import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { editConfig } from '../edit-config.ts';
import { MienError } from '../errors.ts';
import { availablePlugins } from '../host/plugins/discovery.ts';
import { listPlugins } from '../host/plugins/plugin-folder.ts';
import { checkConfig, readConfigFile } from '../load-config.ts';
import { silentLogger } from '../log.ts';
import { didYouMean } from '../nearest-name.ts';
import { stateFolder } from '../state-folder.ts';
import { pardonPlugin } from './plugin-pardon.ts';
import { dropPlugin, enablePlugin } from './plugin-section.ts';

export interface EditCommand {
  config: string;
}

export interface EnableCommand extends EditCommand {
  url?: string;
  token?: string;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const applies = 'A running Mien that was started with this file goes over to it by itself.';

/** `mien plugin enable|disable <name>`. Enabling also ends a quarantine. */
export async function pluginEnable(name: string, enabled: boolean, { config: path, url, token }: EnableCommand): Promise<void> {
  const config = await pluginsOf(path);
  const inFolder = config.pluginFolder !== undefined && listPlugins(config.pluginFolder, silentLogger).some((one) => one.name === name);
  const written = Object.hasOwn(config.plugins, name) || !inFolder ? mustHave(config.plugins, name, path).enabled : true;
  if (written !== enabled) await editConfig(path, 'plugins', (document) => enablePlugin(document, name, enabled));
  if (written === enabled) print(`${name} was ${enabled ? 'enabled' : 'disabled'} already`);
  else print(`${name} is ${enabled ? 'enabled' : 'disabled'} in ${path}. ${applies}`);
  const pardoned = enabled ? await pardonPlugin(name, { config, url, token }) : undefined;
  if (pardoned !== undefined) print(pardoned);
}

/** `mien plugin remove <name>` */
export async function pluginRemove(name: string, { config: path }: EditCommand): Promise<void> {
  const config = await pluginsOf(path);
  const { from } = mustHave(config.plugins, name, path);
  await editConfig(path, 'plugins', (document) => dropPlugin(document, name));
  print(`${name} is taken out of ${path}. ${applies}`);
  print(`Its code${from ? ` (${from})` : ''} and what it kept (${join(stateFolder(config), 'plugins', name)}) stay; delete them if you want.`);
}

export async function pluginsOf(path: string): Promise<Config> {
  return checkConfig(await readConfigFile(path), path);
}

/** Errors: PLUGIN_NOT_FOUND naming the nearest, or how to put it in. */
export function mustHave(plugins: Config['plugins'], name: string, path: string): Config['plugins'][string] {
  const found = Object.hasOwn(plugins, name) ? plugins[name] : undefined;
  if (found) return found;
  const available = availablePlugins(dirname(resolve(path))).find((one) => one.name === name || one.from === name);
  const names = Object.keys(plugins);
  const near = didYouMean(name, names);
  const has = names.length > 0 ? `It has ${names.join(', ')}` : 'It has none';
  const remedy = available ? ` "${available.from}" is installed: mien plugin add ${available.from}` : near || ` ${has}`;
  throw new MienError('PLUGIN_NOT_FOUND', `${path} has no plugin "${name}".${remedy}`);
}
