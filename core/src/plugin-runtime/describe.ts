/** From what a plugin's file exports to a definition that can be trusted to have its shape. */
import { MienError } from '../errors.ts';
import { Grant } from '../events.ts';
import { didYouMean } from '../nearest-name.ts';
import { definePlugin, type PluginDefinition } from '../plugin.ts';
import type { PluginDescription } from '../plugin-messages.ts';
import { closed } from './options.ts';

/** Services of Mien: usable without `uses`, not to be provided. */
export const coreServices: readonly string[] = ['people', 'models', 'cameras'];
const serviceName = /^[a-z][a-z0-9-]{0,39}$/;

/** The default export. Errors: PLUGIN_INVALID that says what to write. */
export function definitionOf(module: unknown): PluginDefinition {
  const given = defaultOf(module);
  if (given === undefined) throw invalid('the file has no default export: write `export default definePlugin({ ... })`');
  const definition = definePlugin(given as PluginDefinition);
  const { name, needs = [], wants = [], uses = [], provides = [], options, optionsVersion = 1, migrateOptions, checkOptions } = definition;
  const grants: readonly string[] = Grant.enum;
  for (const [key, list] of [
    ['needs', needs],
    ['wants', wants],
  ] as const) {
    for (const grant of listed(name, key, list)) {
      if (!grants.includes(grant))
        throw invalid(`"${name}" ${key} ${JSON.stringify(grant)}, which is no grant.${didYouMean(grant, grants) || ` There are ${grants.join(', ')}`}`);
    }
  }
  const twice = wants.find((grant) => needs.includes(grant));
  if (twice !== undefined) throw invalid(`"${name}" has ${twice} in needs and in wants: write it into needs if it cannot run without, else into wants`);
  listed(name, 'uses', uses);
  for (const service of listed(name, 'provides', provides)) {
    if (!serviceName.test(service)) throw invalid(`"${name}" provides ${JSON.stringify(service)}: expected lower case letters, digits and dashes`);
    if (coreServices.includes(service)) throw invalid(`"${name}" provides ${service}, which is a service of Mien itself: choose another name`);
  }
  if (options !== undefined && (options as { type?: unknown } | null)?.type !== 'object') throw invalid(`options of "${name}": expected Type.Object({ ... })`);
  if (!Number.isInteger(optionsVersion) || optionsVersion < 1)
    throw invalid(`optionsVersion of "${name}": expected 1 or more, got ${JSON.stringify(optionsVersion)}`);
  if (migrateOptions !== undefined && typeof migrateOptions !== 'function') throw invalid(`migrateOptions of "${name}": expected a function (options, from)`);
  if (checkOptions !== undefined && typeof checkOptions !== 'function')
    throw invalid(`checkOptions of "${name}": expected a function (options) that gives faults`);
  return definition;
}

export function describe({
  name,
  apiVersion,
  description,
  needs = [],
  wants = [],
  uses = [],
  provides = [],
  options,
  optionsVersion = 1,
}: PluginDefinition): PluginDescription {
  const schema = closed(options ?? { type: 'object', properties: {} });
  const about = description ? { description: String(description).slice(0, 1000) } : {};
  return { name, apiVersion, ...about, needs, wants, uses, provides, options: schema, optionsVersion };
}

/** CommonJS made from ES modules has its default one step further in. */
function defaultOf(module: unknown): unknown {
  const outer = (module as { default?: unknown } | null)?.default;
  return typeof outer === 'object' && outer !== null && '__esModule' in outer && 'default' in outer ? outer.default : outer;
}

function listed(name: string, key: string, list: unknown): readonly string[] {
  if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list;
  throw invalid(`${key} of "${name}": expected a list of names, got ${JSON.stringify(list)}`);
}

function invalid(message: string): MienError {
  return new MienError('PLUGIN_INVALID', message);
}
