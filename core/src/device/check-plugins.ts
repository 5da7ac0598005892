/** The plugins of the configuration: whether they are there, and which were quarantined. Nothing of them is run. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { MienError } from '../errors.ts';
import { locatePlugin } from '../host/plugins/discovery.ts';
import { stateFolder } from '../state-folder.ts';
import { absent, type Check, fail, inConfig, ok, quoted, type Row, type Subject } from './check.ts';

export const checkPlugins: Check = async (subject) => {
  const { config, configPath } = subject;
  const base = configPath === undefined ? process.cwd() : dirname(resolve(configPath));
  const given = configPath === undefined ? '' : ` --config ${quoted(configPath)}`;
  const quarantines = await readQuarantines(stateFolder(config));
  const entries = Object.entries(config.plugins).filter(([, { enabled }]) => enabled);
  const rows = await folder(subject);
  if (entries.length === 0 && rows.length === 0) return [absent('plugins', 'none in the configuration')];
  const named = entries.map(([name, { from }]): Row => {
    const check = `plugin.${name}`;
    try {
      locatePlugin(from ?? name, base);
    } catch (fault) {
      return fail(check, MienError.from(fault).message, `correct its \`from\` ${inConfig(subject)}, or: mien plugin disable ${name}${given}`);
    }
    const reason = quarantines.get(name);
    if (reason === undefined) return ok(check, from ?? name);
    const fix = `change its code or options, or: mien plugin enable ${name}${given}; to leave it out: mien plugin disable ${name}${given}`;
    return fail(check, `quarantined: ${reason}`, fix);
  });
  return [...rows, ...named];
};

async function folder(subject: Subject): Promise<Row[]> {
  const path = subject.config.pluginFolder;
  if (path === undefined) return [];
  const isThere = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  if (!isThere) return [fail('plugins', `there is no folder ${path}`, `mkdir -p ${quoted(path)}, or correct pluginFolder ${inConfig(subject)}`)];
  return [ok('plugins', `every plugin in ${path}`)];
}

/** What makes no sense counts as nothing: Mien moves it aside when it starts. */
async function readQuarantines(folder: string): Promise<Map<string, string>> {
  try {
    const { quarantines } = JSON.parse(await readFile(join(folder, 'plugins.json'), 'utf8')) as { quarantines: Record<string, { reason: unknown }> };
    return new Map(Object.entries(quarantines).map(([name, { reason }]) => [name, String(reason)]));
  } catch {
    return new Map();
  }
}
