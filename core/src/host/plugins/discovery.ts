/** Where a plugin lies, by what stands in the configuration, and which packages offer themselves as plugins. Nothing of them is run. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MienError } from '../../errors.ts';
import { nearestName } from '../../nearest-name.ts';
import { findPackage, type PackageJson, packageEntry, packageFolderOf, readPackageJson, splitSpecifier } from './package-entry.ts';

export interface PluginPlace {
  /** File that is run; absolute, links followed. */
  readonly entry: string;
  /** Of its package; undefined for a single file. */
  readonly folder?: string;
  readonly version?: string;
  readonly description?: string;
  /** Made with Mien: trusted, runs in the shared process unless said otherwise. */
  readonly firstParty: boolean;
}
export interface AvailablePlugin {
  readonly name: string;
  readonly from: string;
  readonly version?: string;
  readonly description?: string;
}

export const pluginExtensions = ['.ts', '.mts', '.mjs', '.js'];
const ours = '@mien/plugins';
const here = dirname(fileURLToPath(import.meta.url));

/**
 * `from`: a file, a folder with a package.json, or a package as an import names it, found from `base` (the configuration's folder), then beside
 * Mien. Errors: PLUGIN_INVALID that says what was expected, what is there and what to do.
 */
export function locatePlugin(from: string, base: string, versions: Versions = present): PluginPlace {
  if (from.startsWith('.') || isAbsolute(from)) return locatePath(resolve(base, from), versions);
  const { name, subpath } = splitSpecifier(from);
  const folder = findPackage(name, base) ?? findPackage(name, here);
  if (folder === undefined) {
    const near = nearestName(
      name,
      availablePlugins(base).map((one) => one.from),
    );
    throw new MienError(
      'PLUGIN_INVALID',
      near
        ? `there is no package "${name}" installed. Did you mean "${near}"?`
        : `there is no package "${name}": install it with \`npm install ${name}\` in ${base}, or give its file or folder as \`from\`, beginning with "./"`,
    );
  }
  return placeIn(folder, subpath, name === ours, versions);
}

function locatePath(path: string, versions: Versions): PluginPlace {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new MienError('PLUGIN_INVALID', `there is no file or folder ${path}`);
  if (stats.isDirectory()) return placeIn(path, '.', false, versions);
  if (!pluginExtensions.includes(extname(path))) throw new MienError('PLUGIN_INVALID', `${path}: expected a file ending in ${pluginExtensions.join(', ')}`);
  return { entry: realpathSync(path), firstParty: false };
}

function placeIn(folder: string, subpath: string, firstParty: boolean, versions: Versions): PluginPlace {
  const json = readPackageJson(folder);
  if (json) refuseVersions(json, versions);
  const { version, description } = json ?? {};
  return {
    entry: packageEntry(folder, json, subpath),
    folder: realpathSync(folder),
    ...(typeof version === 'string' && { version }),
    ...(typeof description === 'string' && { description }),
    firstParty,
  };
}

export interface Versions {
  readonly node: string;
  readonly mien: string;
}
const present: Versions = { node: process.versions.node, mien: readPackageJson(packageFolderOf(here) ?? here)?.version ?? '0.0.0' };

function refuseVersions(json: PackageJson, { node, mien }: Versions): void {
  const said = json.name ?? 'the plugin';
  const wantedNode = json.engines?.node;
  if (wantedNode !== undefined && !satisfies(node, wantedNode)) {
    throw new MienError('PLUGIN_INVALID', `${said} needs Node ${wantedNode}, this is ${node}: install a Node that fits, or another release of the plugin`);
  }
  const wantedMien = json.peerDependencies?.['@mien/core'];
  if (wantedMien !== undefined && !satisfies(mien, wantedMien)) {
    throw new MienError('PLUGIN_INVALID', `${said} needs @mien/core ${wantedMien}, this is ${mien}: install a release of the plugin for it`);
  }
}

/** npm's ranges, as far as plugins write them: `>=22 <25`, `^0.1.0`, `~1.2`, `22.x`, `1.2.3 - 2`, joined by `||`. What it cannot read passes. */
export function satisfies(version: string, range: string): boolean {
  const have = numbers(version);
  return range.split('||').some((part) => {
    const whole = part
      .trim()
      .replace(/^(\S+)\s+-\s+(\S+)$/, '>=$1 <=$2')
      .replace(/([<>=^~]+)\s+/g, '$1');
    return whole.split(/\s+/).every((one) => comparatorHolds(have, one));
  });
}

function comparatorHolds(have: readonly number[], comparator: string): boolean {
  const [, operator = '', text = ''] = /^(\^|~|>=|<=|>|<|=)?v?(.*)$/.exec(comparator) ?? [];
  if (text === '' || /^[x*]$/i.test(text) || !/^\d/.test(text)) return true;
  const given =
    text
      .split(/[-+]/)[0]
      ?.split('.')
      .filter((part) => !/^[x*]$/i.test(part))
      .map(Number) ?? [];
  const lower = compare(have, given);
  switch (operator) {
    case '>=':
      return lower >= 0;
    case '>':
      // `>22` means from 23 on.
      return compare(have.slice(0, given.length), given) > 0;
    case '<':
      return lower < 0;
    case '<=':
      return compare(have.slice(0, given.length), given) <= 0;
    case '^': {
      const fixed = given.findIndex((part) => part > 0);
      const kept = fixed < 0 ? given.length : fixed + 1;
      return lower >= 0 && compare(have.slice(0, kept), given.slice(0, kept)) === 0;
    }
    case '~':
      return lower >= 0 && compare(have.slice(0, Math.min(2, given.length)), given.slice(0, 2)) === 0;
    default:
      return compare(have.slice(0, given.length), given) === 0;
  }
}

function numbers(version: string): number[] {
  return (version.split(/[-+]/)[0] ?? '').split('.').map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Installed packages that call themselves `mien-plugin`, from `base` upwards; the nearest of a name. What cannot be read is left out. */
export function availablePlugins(base: string): AvailablePlugin[] {
  const found = new Map<string, AvailablePlugin>();
  for (let folder = resolve(base); ; folder = dirname(folder)) {
    for (const from of packageNames(join(folder, 'node_modules'))) {
      if (found.has(from)) continue;
      try {
        const json = readPackageJson(join(folder, 'node_modules', from));
        if (!json?.keywords?.includes?.('mien-plugin')) continue;
        const { version, description } = json;
        found.set(from, { name: configName(from), from, ...(version && { version }), ...(description && { description }) });
      } catch {
        // Of no concern to plugins.
      }
    }
    if (dirname(folder) === folder) return [...found.values()];
  }
}

function packageNames(modules: string): string[] {
  const names = listed(modules).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) => (name.startsWith('@') ? listed(join(modules, name)).map((inner) => `${name}/${inner}`) : [name]));
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The name that a file or package gets in the configuration: `@acme/mien-plugin-wave` and `wave.ts` are both `wave`. */
export function configName(from: string): string {
  const name = basename(from, pluginExtensions.includes(extname(from)) ? extname(from) : '');
  return name
    .toLowerCase()
    .replace(/^mien-(plugin-)?/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40);
}
