/** What a plugin says of itself, from running nothing but its file, in the sandbox. */
import { existsSync } from 'node:fs';
import { extname, isAbsolute, relative, resolve } from 'node:path';
import type { PluginSettings } from '../config.ts';
import { MienError } from '../errors.ts';
import { configName, locatePlugin, type PluginPlace, pluginExtensions } from '../host/plugins/discovery.ts';
import type { PluginDescription } from '../plugin-messages.ts';
import { openVisit } from './plugin-visit.ts';

export interface PluginLook {
  readonly place: PluginPlace;
  readonly description: PluginDescription;
  /** Of its options as they stand in the configuration; of none at all where it is not in there. */
  readonly faults: readonly string[];
  /** With every default, where there are no faults. */
  readonly options: unknown;
}

/** Errors: PLUGIN_INVALID, PLUGIN_FAILED; the message begins with what was looked at. */
export async function lookAtPlugin(from: string, base: string, settings?: PluginSettings): Promise<PluginLook> {
  const place = locatePlugin(from, base);
  await using visit = await openVisit({ name: configName(from) || 'plugin', place, ...(settings && { settings }) });
  try {
    const said = await visit.load();
    const version = said.version ?? place.version;
    const description = { ...said, ...(version !== undefined && { version }) };
    const { faults, options } = await visit.check(settings?.options ?? {}, settings?.optionsVersion ?? description.optionsVersion);
    return { place, description, faults, options };
  } catch (fault) {
    const { code, message } = MienError.from(fault, 'PLUGIN_FAILED');
    throw new MienError(code, `${from}: ${message}`, { cause: fault });
  }
}

/** What was meant on the command line: a path, from the working folder, or a package. */
export function isPath(from: string): boolean {
  return from.startsWith('.') || isAbsolute(from) || pluginExtensions.includes(extname(from)) || existsSync(from);
}

/** As it is to stand in a configuration in `base`: a relative path is one from there and begins with a dot, an absolute path and a package stay. */
export function fromAt(from: string, base: string): string {
  if (!isPath(from) || isAbsolute(from)) return from;
  const path = relative(base, resolve(from)).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}
