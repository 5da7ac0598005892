import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createClient } from '../client.ts';
import { ClientError } from '../client-error.ts';
import { MienError } from '../errors.ts';
import { availablePlugins } from '../host/plugins/discovery.ts';
import { listPlugins } from '../host/plugins/plugin-folder.ts';
import { silentLogger } from '../log.ts';
import { pluginsOf } from './plugin-edit.ts';

export interface ListCommand {
  config: string;
  url?: string;
  token?: string;
  json?: boolean;
}

interface Row {
  readonly name: string;
  /** As the configuration has it: enabled, disabled, folder, available; or the state in a running Mien. */
  readonly state: string;
  readonly from: string;
  readonly grant: readonly string[];
  readonly reason?: string | undefined;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** `mien plugin list`: what the configuration has and what is installed; with --url how they are in a running Mien. */
export async function pluginList(options: ListCommand): Promise<void> {
  const rows = (await running(options)) ?? (await written(options.config));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  if (rows.length === 0) say(`no plugins in ${options.config}, none installed. Make one: mien plugin create greeter`);
  const width = Math.max(...rows.map(({ name }) => name.length));
  for (const { name, state, from, grant, reason } of rows) {
    const more = reason ?? (grant.length > 0 ? `granted ${grant.join(', ')}` : '');
    process.stdout.write(`${name.padEnd(width)}  ${state.padEnd(11)}  ${from}${more ? `  (${more})` : ''}\n`);
  }
}

/** Undefined when no address was given or nobody answers there; who answers and refuses has the last word. */
async function running({ url, token }: ListCommand): Promise<readonly Row[] | undefined> {
  if (url === undefined) return undefined;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new MienError('OPTION_UNKNOWN', `--url expects an address such as http://127.0.0.1:7430, not "${url}"`);
  const client = createClient({ url, token: token ?? process.env['MIEN_TOKEN'] });
  try {
    return (await client.plugins()).map(({ name, state, from, grant, reason }) => ({ name, state, from, grant, ...(reason !== undefined && { reason }) }));
  } catch (fault) {
    if (!(fault instanceof ClientError) || fault.status !== 0) throw fault;
    say(`no Mien answers at ${url}: this is what the configuration says`);
    return undefined;
  }
}

async function written(path: string): Promise<Row[]> {
  const { plugins = {}, pluginFolder } = existsSync(path) ? await pluginsOf(path) : {};
  const rows: Row[] = Object.entries(plugins).map(([name, { enabled, from, grant }]) => ({
    name,
    state: enabled ? 'enabled' : 'disabled',
    from: from ?? name,
    grant,
  }));
  const isNew = ({ name, from }: { name: string; from: string }) => !rows.some((row) => row.name === name || row.from === from);
  const inFolder = pluginFolder === undefined ? [] : listPlugins(pluginFolder, silentLogger).filter(isNew);
  const base = dirname(resolve(path));
  const available = availablePlugins(base).filter(isNew);
  return [
    ...rows,
    ...inFolder.map(({ name, from }) => ({ name, state: 'folder', from, grant: [], reason: 'in pluginFolder: granted all that it asks for' })),
    ...available.map(({ name, from }) => ({ name, state: 'available', from, grant: [], reason: `installed, not in use: mien plugin add ${from}` })),
  ];
}
