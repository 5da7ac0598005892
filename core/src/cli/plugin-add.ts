import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { editConfig } from '../edit-config.ts';
import { MienError } from '../errors.ts';
import { findPackage, splitSpecifier } from '../host/plugins/package-entry.ts';
import { pluginsOf } from './plugin-edit.ts';
import { fromAt, isPath, lookAtPlugin, type PluginLook } from './plugin-look.ts';
import { putPlugin } from './plugin-section.ts';
import { needsLines, optionWords, sandboxLines } from './plugin-words.ts';

export interface AddCommand {
  config: string;
  as?: string;
  yes?: boolean;
  /** With `yes`: also what it can use beside what it needs. */
  wants?: boolean;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * `mien plugin add <package|path>`: looks at the plugin in the sandbox, says what it needs, and with consent writes it into the configuration. What it
 * wants beside is asked for by itself. A package that is not installed is installed with npm beside the configuration, without running its install scripts.
 */
export async function pluginAdd(given: string, options: AddCommand): Promise<void> {
  const { config: path } = options;
  const base = dirname(resolve(path));
  const present = existsSync(path) ? (await pluginsOf(path)).plugins : {};
  const from = isPath(given) ? fromAt(given, base) : await installed(given, base, options);
  const look = await lookAtPlugin(from, base);
  const name = options.as ?? look.description.name;
  if (Object.hasOwn(present, name)) {
    throw new MienError(
      'CONFIG_INVALID',
      `${path} has a plugin "${name}" already. Remove it first (mien plugin remove ${name}), or give this one another name with --as`,
    );
  }
  for (const line of introduction(name, from, look)) print(line);
  await consent(`Add it to ${path} and grant what it needs?`, options);
  const { needs, wants } = look.description;
  const grant = wants.length > 0 && (await agrees(`Grant the optional ${wants.join(', ')} as well? It runs without.`, options)) ? [...needs, ...wants] : needs;
  await editConfig(path, 'plugins', (document) => putPlugin(document, name, from, { ...look, grant }));
  print(`${name} is in ${path}. A running Mien that was started with this file starts it by itself; otherwise: mien run --config ${path}`);
  if (look.faults.length > 0) print(`Before it can run, set in plugins.${name}.options: ${look.faults.join('; ')}`);
}

function* introduction(name: string, from: string, { description, place }: PluginLook): Generator<string> {
  yield `${name}${description.version ? ` ${description.version}` : ''} (${from}): ${description.description ?? 'it has no description'}`;
  for (const line of needsLines(description)) yield `  ${line}`;
  const count = optionWords(description.options).length;
  if (count > 0) yield `  ${count} option(s), written into the configuration with their defaults`;
  for (const line of sandboxLines(place.firstParty)) yield `  ${line}`;
}

/** As npm knows it, with a version: nothing that npm would take for an option, an address or a path. */
const packageSpec = /^((?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*)((?:\/[\w.-]+)*)(@[\w.^~*-]+)?$/;

/** The name by which it is imported. Errors: OPTION_UNKNOWN, PLUGIN_NOT_FOUND, REQUEST_INVALID without consent. */
async function installed(given: string, base: string, options: AddCommand): Promise<string> {
  const [, name, subpath = '', version = ''] = packageSpec.exec(given) ?? [];
  if (name === undefined) {
    throw new MienError('OPTION_UNKNOWN', `expected a package as "mien-plugin-wave" or "@acme/wave@1.2.0", or a path that begins with "./", not "${given}"`);
  }
  const specifier = name + subpath;
  if (version === '' && (findPackage(splitSpecifier(specifier).name, base) || name === '@mien/plugins')) return specifier;
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', base, name + version];
  print(`${name}${version} is not installed here.`);
  await consent(`Install it with \`npm ${args.join(' ')}\`?`, options);
  const child = spawn('npm', args, { stdio: ['ignore', 2, 2], cwd: base });
  const [code] = await once(child, 'close').catch((cause) => {
    throw new MienError('PLUGIN_NOT_FOUND', `npm could not be run: ${(cause as Error).message}. Install Node with npm, or install the package yourself`, {
      cause,
    });
  });
  if (code !== 0 || !findPackage(name, base)) {
    throw new MienError('PLUGIN_NOT_FOUND', `npm did not install ${name}${version} (see above); is it the right name? A folder is given with "./" before it`);
  }
  return specifier;
}

/** Errors: OPTION_UNKNOWN where nobody can be asked, REQUEST_INVALID where the answer is no. */
async function consent(question: string, { yes }: AddCommand): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stdout.isTTY) throw new MienError('OPTION_UNKNOWN', `${question} This is no terminal to ask at: say --yes if you agree`);
  if (!(await saysYes(question))) throw new MienError('REQUEST_INVALID', 'nothing was changed');
}

async function agrees(question: string, { yes, wants = false }: AddCommand): Promise<boolean> {
  return yes || wants ? wants : saysYes(question);
}

async function saysYes(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [y/N] `).finally(() => terminal.close());
  return /^y(es)?$/i.test(answer.trim());
}
