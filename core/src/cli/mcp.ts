import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Client, createClient } from '../client.ts';
import { ClientError } from '../client-error.ts';
import { MienError } from '../errors.ts';
import { findPackage, packageEntry, readPackageJson } from '../host/plugins/package-entry.ts';
import { untilSignalled } from './until-signalled.ts';

export interface McpCommand {
  url: string;
  token?: string;
}

interface Address {
  readonly url: string;
  readonly token: string;
}
/** Of @mien/plugins, which core does not know: loaded only here. */
interface BridgeModule {
  bridge(options: {
    address(): Promise<Address>;
    readonly input: Readable;
    readonly output: Writable;
    readonly signal: AbortSignal;
    say(line: string): void;
  }): Promise<void>;
}

const PACKAGE = '@mien/plugins';
const say = (line: string): void => void process.stderr.write(`mien: ${line}\n`);

/** `mien mcp`: MCP on stdin and stdout, for language models that start it; the dialogue plugin of a running Mien answers. */
export async function mcp({ url, token }: McpCommand): Promise<void> {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new MienError('OPTION_UNKNOWN', `--url expects an address such as http://127.0.0.1:7430, not "${url}"`);
  }
  const { bridge } = await loadBridge();
  const client = createClient({ url, token: token ?? process.env['MIEN_TOKEN'] });
  const address = (): Promise<Address> => addressOf(client, url);
  // Whoever starts it learns now what is missing; later it waits for a Mien that is being started again.
  await address();
  using stop = untilSignalled();
  await bridge({ address, input: process.stdin, output: process.stdout, signal: stop.signal, say });
}

async function loadBridge(): Promise<BridgeModule> {
  const folder = findPackage(PACKAGE, process.cwd()) ?? findPackage(PACKAGE, dirname(fileURLToPath(import.meta.url)));
  if (folder === undefined) throw new MienError('PLUGIN_NOT_FOUND', `${PACKAGE} is not installed, and \`mien mcp\` is a part of it: npm install ${PACKAGE}`);
  return (await import(pathToFileURL(packageEntry(folder, readPackageJson(folder), './dialogue/stdio')).href)) as BridgeModule;
}

/** Errors: NOT_RUNNING, PLUGIN_NOT_FOUND, UNAUTHORIZED, each with what to do. */
async function addressOf(client: Client, url: string): Promise<Address> {
  try {
    return (await client.run('dialogue.address')) as Address;
  } catch (fault) {
    if (!(fault instanceof ClientError)) throw fault;
    if (fault.status === 0) throw new MienError('NOT_RUNNING', `no Mien answers at ${url}: start it (mien run), or say where it is with --url`);
    if (fault.code === 'COMMAND_UNKNOWN') {
      throw new MienError(
        'PLUGIN_NOT_FOUND',
        `the plugin dialogue does not run in the Mien at ${url}: mien plugin add ${PACKAGE}/dialogue; why it does not: mien plugin list --url ${url}`,
      );
    }
    if (fault.status === 401) throw new MienError('UNAUTHORIZED', `the Mien at ${url} wants its token (api.token): --token, or MIEN_TOKEN in the environment`);
    throw fault;
  }
}
