/** The web server of the screen: its page, the content, what to play (an EventSource), and what was shown. */
import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import fastifyStatic from '@fastify/static';
import { MienError } from '@mien/core/plugin';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Access } from './access.ts';
import { isServed, liesIn, pageFolder } from './content.ts';
import type { Play, PlayReport } from './play-log.ts';
import { mostScreens, type Screens } from './screens.ts';

export interface ServerParts {
  readonly access: Access;
  readonly screens: Screens;
  /** Absolute. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  plays(): readonly Play[];
  report(screen: string, reports: readonly PlayReport[]): void;
}

export interface ScreenServer extends AsyncDisposable {
  /** Ends in a slash. */
  readonly url: string;
}

const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; frame-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** Pages of the folder run on their own: no way to the screen's page around them, none to other machines. */
const contentPolicy =
  "sandbox allow-scripts; default-src 'self' 'unsafe-inline' data: blob:; connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

const ScreenName = { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,31}$' };
const Text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength });
const Milliseconds = { type: 'number', minimum: 0, maximum: 1e10 };
const Reports = {
  type: 'object',
  required: ['screen', 'reports'],
  additionalProperties: false,
  properties: {
    screen: ScreenName,
    reports: {
      type: 'array',
      maxItems: 500,
      items: {
        type: 'object',
        required: ['play', 'kind', 'item', 'rule', 'agoMs'],
        additionalProperties: false,
        properties: {
          ...{ play: Text(64), item: Text(200), rule: Text(40), reason: Text(300), agoMs: Milliseconds, shownMs: Milliseconds },
          ...{ kind: { enum: ['begin', 'end', 'fault'] }, ended: { enum: ['over', 'replaced', 'left'] } },
        },
      },
    },
  },
};

/** Errors: PORT_IN_USE; SERVICE_UNAVAILABLE where it cannot listen for another reason. */
export async function openServer(parts: ServerParts): Promise<ScreenServer> {
  const { host, port, access } = parts;
  const ajv = { customOptions: { removeAdditional: false as const, coerceTypes: false as const } };
  const app = Fastify({ forceCloseConnections: true, bodyLimit: 256 * 1024, ajv });
  app.addHook('onRequest', async (request, reply) => {
    const { refused, cookie } = access.check(request);
    if (refused !== undefined) return reply.code(403).send({ error: refused });
    if (cookie !== undefined) reply.header('set-cookie', cookie);
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'there is nothing of this name here; the page is at /' }));
  app.setErrorHandler((fault: Error & { statusCode?: number }, _request, reply) => reply.code(fault.statusCode ?? 500).send({ error: fault.message }));
  await addFiles(app, parts.folder);
  addEvents(app, parts.screens);
  app.post<{ Body: { screen: string; reports: PlayReport[] } }>('/report', { schema: { body: Reports } }, ({ body }, reply) => {
    parts.report(body.screen, body.reports);
    return reply.code(204).send();
  });
  app.get('/played', (_request, reply) =>
    reply.type('application/x-ndjson; charset=utf-8').send(
      parts
        .plays()
        .map((play) => `${JSON.stringify(play)}\n`)
        .join(''),
    ),
  );
  try {
    return { url: `${await app.listen({ host, port })}/`, [Symbol.asyncDispose]: () => app.close() };
  } catch (fault) {
    await app.close();
    throw cannotListen(fault, host, port);
  }
}

async function addFiles(app: FastifyInstance, folder: string): Promise<void> {
  const root = realpathSync(folder);
  const refuse = (message: string): never => {
    throw Object.assign(new Error(message), { statusCode: 403 });
  };
  await app.register(fastifyStatic, {
    root: pageFolder,
    prefix: '/',
    cacheControl: false,
    setHeaders: (reply) => void reply.header('content-security-policy', pagePolicy).header('cache-control', 'no-cache'),
  });
  await app.register(fastifyStatic, {
    root,
    prefix: '/content/',
    decorateReply: false,
    index: false,
    dotfiles: 'deny',
    cacheControl: false,
    setHeaders: (reply) => void reply.header('content-security-policy', contentPolicy).header('cache-control', 'no-cache'),
    // Links are followed by now: what they lead to is asked about, just before it is read.
    onFile: async (path) => {
      if (!isServed(path)) refuse('only pictures, videos, pages and what pages need is handed out');
      if (!liesIn(root, await realpath(path))) refuse('this is a link that leads out of the folder');
    },
  });
}

function addEvents(app: FastifyInstance, screens: Screens): void {
  const querystring = { type: 'object', properties: { screen: ScreenName }, required: ['screen'] };
  app.get<{ Querystring: { screen: string } }>('/program', { schema: { querystring } }, ({ query, headers: asked }, reply) => {
    // Browsers say who asks; a page of another site could take the places of the screens.
    const from = asked['sec-fetch-site'] ?? 'none';
    if (from !== 'same-origin' && from !== 'none') return reply.code(403).send({ error: 'another web site sent this request' });
    if (screens.isFull) return reply.code(503).send({ error: `${mostScreens} pages are open already` });
    const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' };
    reply.hijack();
    reply.raw.writeHead(200, headers as Record<string, string>);
    screens.open(query.screen, reply.raw);
    return reply;
  });
}

function cannotListen(fault: unknown, host: string, port: number): MienError {
  const { code } = fault as NodeJS.ErrnoException;
  const cause = { cause: fault };
  if (code === 'EADDRINUSE')
    return new MienError('PORT_IN_USE', `the port ${port} is in use by another program: end it, or set another as the option port`, cause);
  const why = code === 'EADDRNOTAVAIL' ? 'this machine has no such address' : code === 'EACCES' ? 'ports below 1024 need rights of their own' : String(fault);
  return new MienError('SERVICE_UNAVAILABLE', `cannot listen on ${host}, port ${port}: ${why}`, cause);
}
