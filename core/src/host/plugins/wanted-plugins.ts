import Value from 'typebox/value';
import { type Config, PluginSettings } from '../../config.ts';
import type { InstanceSettings } from './instance.ts';
import type { FoundPlugin } from './plugin-folder.ts';

export interface Wanted {
  readonly given: InstanceSettings;
  /** Of its code, where that is watched. */
  readonly fingerprint: string | undefined;
}

/** What there should be, by name: the plugins of the configuration, and those of the watched folder that it does not take from elsewhere. */
export function wantedPlugins(settings: Config['plugins'], found: readonly FoundPlugin[]): Map<string, Wanted> {
  const inFolder = new Map(found.map((one) => [one.name, one]));
  const wanted = new Map<string, Wanted>();
  for (const [name, one] of Object.entries(settings)) {
    const here = one.from === undefined ? inFolder.get(name) : undefined;
    const given = { settings: one, from: here?.from ?? one.from ?? name, grantAll: here !== undefined };
    wanted.set(name, { given, fingerprint: here?.fingerprint });
  }
  for (const [name, { from, fingerprint }] of inFolder) {
    if (wanted.has(name)) continue;
    wanted.set(name, { given: { settings: Value.Default(PluginSettings, {}) as PluginSettings, from, grantAll: true }, fingerprint });
  }
  return wanted;
}
