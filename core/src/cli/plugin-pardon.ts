/** Ends the quarantine of a plugin: in the Mien that runs, or else in what the next one remembers. */
import { type Client, createClient } from '../client.ts';
import { ClientError } from '../client-error.ts';
import type { Config } from '../config.ts';
import { openPluginState } from '../host/plugins/plugin-state.ts';
import { silentLogger } from '../log.ts';
import { stateFolder } from '../state-folder.ts';

export interface PardonTarget {
  readonly config: Config;
  /** Of the running Mien; where the configuration has its API when absent. */
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

/** What was done, as a sentence; undefined where there was no quarantine. Errors: those of a Mien at a `url` that was given. */
export async function pardonPlugin(name: string, { config, url, token }: PardonTarget): Promise<string | undefined> {
  const { host, port } = config.api;
  const usual = `http://${host.includes(':') ? `[${host}]` : host}:${port}`.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
  const address = url ?? usual;
  try {
    const client = createClient({ url: address, token: token ?? process.env['MIEN_TOKEN'] ?? config.api.token });
    if (await pardonInRunning(client, name)) return `Its quarantine is over: the Mien at ${address} has started it anew.`;
  } catch (fault) {
    // What answers where nobody was pointed to may be anything.
    if (!(fault instanceof ClientError) || (url !== undefined && fault.status !== 0)) throw fault;
  }
  return (await pardonInState(name, config)) ? 'Its quarantine is over: the next Mien starts it.' : undefined;
}

async function pardonInRunning(client: Client, name: string): Promise<boolean> {
  const found = (await client.plugins(AbortSignal.timeout(ANSWER_MS))).find((one) => one.name === name);
  if (found?.state !== 'quarantined') return false;
  await client.restartPlugin(name);
  return true;
}
const ANSWER_MS = 10_000;

async function pardonInState(name: string, config: Config): Promise<boolean> {
  const warn = (fields: object, message: string): void => void process.stderr.write(`mien: ${message} ${JSON.stringify(fields)}\n`);
  await using state = await openPluginState(stateFolder(config), { ...silentLogger, warn });
  if (!state.quarantine(name)) return false;
  state.setQuarantine(name, undefined);
  await state.saved();
  return true;
}
