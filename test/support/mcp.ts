/** The dialogue plugin in a real host, and clients of the official SDK to talk with it. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ResourceUpdatedNotificationSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { openHost, TemporaryFolder, type TestHost, untilStatus } from './plugin-host.ts';

export const everyGrant = ['person.presence', 'person.position', 'person.age', 'person.gender', 'person.expression', 'person.attention'];

export interface Address {
  readonly url: string;
  readonly token: string;
}

export interface DialogueHost extends AsyncDisposable {
  readonly test: TestHost;
  address(): Promise<Address>;
}

export interface DialogueHostOptions {
  readonly options?: object;
  readonly grant?: readonly string[];
  readonly isolation?: 'own' | 'shared' | 'host';
  /** Beside it. */
  readonly plugins?: object;
}

export async function openDialogue({ options, grant = everyGrant, isolation = 'shared', plugins }: DialogueHostOptions = {}): Promise<DialogueHost> {
  const folder = new TemporaryFolder();
  const dialogue = { from: '@mien/plugins/dialogue', grant, isolation, options: { port: 0, ...options } };
  const test = await openHost({ stateFolder: folder.path, plugins: { dialogue, ...plugins } });
  await test.host.start();
  await untilStatus(test.host, 'dialogue', ({ state }) => state === 'running');
  return {
    test,
    address: async () => (await test.host.run('dialogue.address', {})) as Address,
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

export interface ConnectedClient extends AsyncDisposable {
  readonly client: Client;
  /** URIs that it was told had changed, with when (monotonic). */
  readonly updates: Array<{ readonly uri: string; readonly atMs: number }>;
  toolLists: number;
}

export async function connectClient(transport: Transport): Promise<ConnectedClient> {
  const client = new Client({ name: 'test', version: '1' });
  const connected: ConnectedClient = { client, updates: [], toolLists: 0, [Symbol.asyncDispose]: () => client.close() };
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void connected.updates.push({ uri: params.uri, atMs: performance.now() }));
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
    connected.toolLists += 1;
  });
  await client.connect(transport);
  return connected;
}

export function httpTransport({ url, token }: Address, headers: Readonly<Record<string, string>> = {}): Transport {
  const given = { authorization: `Bearer ${token}`, ...headers };
  return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: given } }) as Transport;
}
