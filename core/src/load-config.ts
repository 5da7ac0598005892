/** Reads mien.yaml and the environment into a checked Config with every default filled in. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import Value from 'typebox/value';
import { isMap, parseDocument } from 'yaml';
import { Config, PluginSettings } from './config.ts';
import { migrateConfig } from './config-migrations.ts';
import { withAbsolutePaths } from './config-paths.ts';
import { ruleFaults } from './config-rules.ts';
import { MienError } from './errors.ts';
import { schemaFaults } from './schema-faults.ts';

/** Settings as a person writes them: any part may be left out. */
export type ConfigInput = { [K in keyof Config]?: unknown };

/**
 * Fills in defaults and checks; relative paths mean the working folder. Throws CONFIG_INVALID with every fault, its path and the nearest
 * known name.
 */
export function checkConfig(input: unknown, origin = 'the configuration'): Config {
  const given = input ?? {};
  const plugins = isRecord(given) ? given['plugins'] : undefined;
  const value = Value.Default(Config, Value.Clone(isRecord(given) ? { ...given, plugins: {} } : given)) as Record<string, unknown>;
  // Value.Default does not go into records, and fails on closed ones.
  if (plugins !== undefined && plugins !== null) value['plugins'] = isRecord(plugins) ? withPluginDefaults(plugins) : plugins;
  refuse(schemaFaults(Config, value), origin);
  const config = withAbsolutePaths(value, process.cwd()) as unknown as Config;
  refuse(ruleFaults(config), origin);
  return config;
}

function withPluginDefaults(plugins: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(plugins).map(([name, settings]) => [name, Value.Default(PluginSettings, Value.Clone(settings ?? {}))]));
}

function refuse(faults: readonly string[], origin: string): void {
  if (faults.length === 0) return;
  throw new MienError('CONFIG_INVALID', `${origin} has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
}

/** Reads one YAML file, whose relative paths mean its own folder. Errors: INPUT_NOT_FOUND, CONFIG_INVALID with line and column. */
export async function readConfigFile(path: string): Promise<ConfigInput> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new MienError('INPUT_NOT_FOUND', `cannot read the configuration ${path}: ${(cause as Error).message}`, { cause });
  }
  return readConfigText(text, path);
}

/** What stands in a file of that path, of any version, as settings of the present one. Errors: CONFIG_INVALID with line and column. */
export function readConfigText(text: string, path: string): ConfigInput {
  const document = parseDocument(text, { merge: true });
  const [fault] = document.errors;
  if (fault) throw new MienError('CONFIG_INVALID', `${path} is not valid YAML: ${fault.message}`);
  if (document.contents === null) return {};
  if (!isMap(document.contents)) throw new MienError('CONFIG_INVALID', `${path}: expected settings such as "cameras:" at the top level, found something else`);
  try {
    const settings = document.toJS() as ConfigInput;
    // A part whose lines are all commented out is as good as left out.
    const written = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
    return withAbsolutePaths(migrateConfig(written, path), dirname(resolve(path)));
  } catch (cause) {
    if (cause instanceof MienError) throw cause;
    throw new MienError('CONFIG_INVALID', `${path} is not valid YAML: ${(cause as Error).message}`, { cause });
  }
}

/** File, then environment. Not checked yet. */
export async function readSettings(path?: string): Promise<ConfigInput> {
  return withEnvironment(path === undefined ? {} : await readConfigFile(path));
}

/** MIEN_TOKEN is the place for a secret that should not stand in a file. */
export function withEnvironment(settings: ConfigInput): ConfigInput {
  const token = process.env['MIEN_TOKEN'];
  return token ? { ...settings, api: { ...(settings.api as object | undefined), token } } : settings;
}

/** `readSettings`, checked. Errors: INPUT_NOT_FOUND, CONFIG_INVALID. */
export async function loadConfig(path?: string): Promise<Config> {
  return checkConfig(await readSettings(path), path);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
