/** A web server on loopback that takes webhooks, and misbehaves as it is told. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Certificate } from './certificates.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Status that it was answered with; undefined while it was not. */
  status: number | undefined;
}

/** What to do with a request; `nth` counts from 1. Answers 204 when it does nothing and returns undefined; a number is a status. */
export type Behaviour = (request: Received, nth: number, response: ServerResponse, incoming: IncomingMessage) => number | 'answered' | undefined;

export interface WebhookReceiver extends Disposable {
  readonly url: string;
  readonly port: number;
  /** Every request, in order, whatever became of it. */
  readonly all: Received[];
  /** Those that were answered with 2xx. */
  readonly taken: Received[];
  behaviour: Behaviour;
}

export async function openWebhookReceiver(
  behaviour: Behaviour = () => undefined,
  { certificate, port = 0 }: { readonly certificate?: Certificate; readonly port?: number } = {},
): Promise<WebhookReceiver> {
  const all: Received[] = [];
  const listener: RequestListener = async (incoming, response) => {
    // A sender that is killed in between is no fault of the server.
    const body = await buffer(incoming).catch(() => undefined);
    if (body === undefined) return;
    const { method = '', url: path = '', headers } = incoming;
    const request: Received = { method, path, headers, body, status: undefined };
    all.push(request);
    const status = receiver.behaviour(request, all.length, response, incoming) ?? 204;
    if (status === 'answered') return;
    request.status = status;
    response.writeHead(status).end();
  };
  const http = certificate ? createSecureServer(certificate, listener) : createServer(listener);
  await new Promise<void>((resolve, reject) => http.once('error', reject).listen(port, '127.0.0.1', resolve));
  const address = http.address() as AddressInfo;
  const receiver: WebhookReceiver = {
    url: `${certificate ? 'https://localhost' : 'http://127.0.0.1'}:${address.port}/mien`,
    port: address.port,
    all,
    get taken() {
      return all.filter(({ status }) => status !== undefined && status >= 200 && status < 300);
    },
    behaviour,
    [Symbol.dispose]() {
      http.closeAllConnections();
      http.close();
    },
  };
  return receiver;
}

/** `id` of a CloudEvent in the structured form. */
export function idOf({ body }: Received): string {
  return (JSON.parse(body.toString()) as { id: string }).id;
}
