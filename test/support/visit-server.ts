/** A server on loopback that takes what is posted to it, or refuses while it is told to. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface VisitServer extends Disposable {
  readonly url: string;
  /** Bodies that it took, and those that it refused. */
  readonly taken: Array<Record<string, unknown>>;
  readonly refused: Array<Record<string, unknown>>;
  refuses: boolean;
}

export async function openVisitServer(): Promise<VisitServer> {
  const taken: VisitServer['taken'] = [];
  const refused: VisitServer['refused'] = [];
  const http = createServer(async (request, response) => {
    const body = (await json(request)) as Record<string, unknown>;
    (server.refuses ? refused : taken).push(body);
    response.writeHead(server.refuses ? 503 : 204).end();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const server: VisitServer = {
    url: `http://127.0.0.1:${port}/visits`,
    taken,
    refused,
    refuses: false,
    [Symbol.dispose]() {
      http.closeAllConnections();
      http.close();
    },
  };
  return server;
}
