import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { PluginSettings } from '../config.ts';
import { findPackage, splitSpecifier } from '../host/plugins/package-entry.ts';
import { mustHave, pluginsOf } from './plugin-edit.ts';
import { fromAt, isPath, lookAtPlugin, type PluginLook } from './plugin-look.ts';
import { needsLines, optionWords, sandboxLines } from './plugin-words.ts';

export interface InfoCommand {
  config: string;
  json?: boolean;
}

/** `mien plugin info <name|package|path>`: its definition, what it needs in words, its options, what the sandbox covers. Nothing of it is started. */
export async function pluginInfo(given: string, { config: path, json }: InfoCommand): Promise<void> {
  const base = dirname(resolve(path));
  const plugins = existsSync(path) ? (await pluginsOf(path)).plugins : {};
  let settings: PluginSettings | undefined;
  let from = fromAt(given, base);
  if (Object.hasOwn(plugins, given) || (!isPath(given) && !findPackage(splitSpecifier(given).name, base))) {
    settings = mustHave(plugins, given, path);
    from = settings.from ?? given;
  }
  const look = await lookAtPlugin(from, base, settings);
  if (json) {
    const { entry } = look.place;
    process.stdout.write(
      `${JSON.stringify({ ...look.description, from, entry, ...(settings && { grant: settings.grant, enabled: settings.enabled }), faults: look.faults })}\n`,
    );
    return;
  }
  for (const line of describe(from, look, settings)) process.stdout.write(`${line}\n`);
}

function* describe(from: string, { description, place, faults }: PluginLook, settings: PluginSettings | undefined): Generator<string> {
  yield `${description.name}${description.version ? ` ${description.version}` : ''}: ${description.description ?? 'it has no description'}`;
  yield `from ${from} (${place.entry}), plugin API ${description.apiVersion}`;
  if (settings) yield `in the configuration: ${settings.enabled ? 'enabled' : 'disabled'}, granted ${settings.grant.join(', ') || 'nothing'}`;
  const missing = settings ? description.needs.filter((grant) => !settings.grant.includes(grant)) : [];
  if (missing.length > 0) yield `it does not run before it is granted ${missing.join(', ')} (plugins.*.grant)`;
  const unused = settings ? description.wants.filter((grant) => !settings.grant.includes(grant)) : [];
  if (unused.length > 0) yield `optional, and not granted: ${unused.join(', ')}`;
  yield '';
  yield 'What it asks for';
  for (const line of needsLines(description)) yield `  ${line}`;
  const options = optionWords(description.options);
  yield '';
  yield options.length > 0 ? 'Options' : 'No options';
  for (const { name, type, description: about, default: preset, isRequired } of options) {
    yield `  ${name}: ${type}${preset !== undefined ? `, ${JSON.stringify(preset)} unless said otherwise` : isRequired ? ', must be set' : ', may be absent'}${about ? `. ${about}` : ''}`;
  }
  for (const fault of faults) yield `  to be corrected: ${fault}`;
  yield '';
  yield 'What it can and cannot do';
  for (const line of sandboxLines(place.firstParty)) yield `  ${line}`;
  yield '  Its commands are known while it runs: mien plugin test shows them, GET /v1/commands of a running Mien lists them.';
}
