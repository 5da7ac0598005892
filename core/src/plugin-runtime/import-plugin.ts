/** Loads a plugin's file with the SDK of this very Mien, wherever the file lies. */
import { readFileSync, statSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MienError } from '../errors.ts';
import { refusalOf } from './fault-words.ts';
import { mapSdk } from './sdk-hooks.ts';

/**
 * The module. A file that has changed since is loaded anew; what it imports itself is not. `plugin`: its name in the configuration.
 * Errors: PLUGIN_INVALID with file and line.
 */
export async function importPlugin(entry: string, plugin: string): Promise<unknown> {
  mapSdk();
  const url = pathToFileURL(entry);
  try {
    url.search = `v=${statSync(entry).mtimeMs}`;
    return await import(url.href);
  } catch (fault) {
    throw new MienError('PLUGIN_INVALID', `${entry} cannot be loaded: ${reasonOf(fault, entry, plugin)}`, { cause: fault });
  }
}

function reasonOf(fault: unknown, entry: string, plugin: string): string {
  if (!(fault instanceof Error)) return String(fault);
  const { code } = fault as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  const said = `${fault.name === 'Error' ? '' : `${fault.name}: `}${fault.message}`;
  if (isHostImport(fault)) return "a plugin imports '@mien/core/plugin', the SDK; '@mien/core' is Mien itself, for programs that run it";
  if (code === 'ERR_MODULE_NOT_FOUND') return `${said}: install it in the folder of the plugin, or correct the import`;
  const outside = outsideOf(fault, entry);
  if (outside !== undefined)
    return `it imports ${outside}, which is not in its folder: a plugin in a process of its own reads its own folder and its dependencies. Name its package in \`from\` where it has one, or write into mien.yaml: plugins.${plugin}.allow.read: [${dirname(outside)}]`;
  const refusal = refusalOf(fault, plugin);
  if (refusal !== undefined) return refusal;
  const place = placeOf(fault) ?? (fault instanceof SyntaxError ? syntaxPlace(entry) : undefined);
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return `${said}${at(place)}: types are removed, not compiled`;
  return `${said}${at(place)}`;
}

/** A file of code beside its own folder, which it was refused. */
function outsideOf(fault: Error, entry: string): string | undefined {
  const { code, permission, resource = '' } = fault as NodeJS.ErrnoException & { permission?: string; resource?: string };
  const isCode = /\.[cm]?[jt]s$/.test(resource) && !resource.includes('/node_modules/');
  return code === 'ERR_ACCESS_DENIED' && permission === 'FileSystemRead' && isCode && !resource.startsWith(`${dirname(entry)}/`) ? resource : undefined;
}

/** `@mien/core` is not there for a plugin, or lies where it may not read. */
function isHostImport(fault: Error): boolean {
  const { code, resource } = fault as NodeJS.ErrnoException & { resource?: string };
  if (code === 'ERR_MODULE_NOT_FOUND') return /'@mien\/core'/.test(fault.message);
  return code === 'ERR_ACCESS_DENIED' && /\/node_modules\/@mien\/core(\/|$)/.test(resource ?? '');
}

function at(place: string | undefined): string {
  return place ? ` (${place})` : '';
}

/** `file:line` from the head of a stack, as Node writes it before a syntax error and within the first frame of user code. */
function placeOf(fault: Error): string | undefined {
  const found =
    /^(?:file:\/\/)?(\/[^\n]*?)(?:\?v=[\d.]+)?:(\d+)$/m.exec(fault.stack?.split('\n')[0] ?? '') ??
    /(?:file:\/\/)(\/[^\n)]*?)(?:\?v=[\d.]+)?:(\d+):\d+\)?$/m.exec(fault.stack ?? '');
  return found && !found[1]?.includes('/plugin-runtime/import-plugin.') ? `${found[1]}:${found[2]}` : undefined;
}

/** Node does not tell where a module's syntax is wrong; its remover of types does. */
function syntaxPlace(entry: string): string | undefined {
  try {
    stripTypeScriptTypes(readFileSync(entry, 'utf8'), { sourceUrl: entry });
    return `in a file that ${entry} imports`;
  } catch (fault) {
    const line = /:(\d+)$/.exec((fault as Error).stack?.split('\n')[0] ?? '')?.[1];
    return line ? `${entry}:${line}` : entry;
  }
}
