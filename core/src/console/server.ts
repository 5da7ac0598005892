/** The host's API and console: one fastify server, closed in under a second whatever is open. */
import type { AddressInfo } from 'node:net';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import Fastify from 'fastify';
import { MienError } from '../errors.ts';
import { addAnalyzeRoute } from './analyze-route.ts';
import { type Api, type ApiSources, addGuard, answerFault, bodyLimit } from './api.ts';
import { createGuard, isLoopback } from './auth.ts';
import { addEventsRoute } from './events-route.ts';
import { addMetricsRoute } from './metrics.ts';
import { addModelRoutes } from './model-routes.ts';
import { addOpenApi } from './openapi.ts';
import { addPageRoutes, pageFolder } from './page-route.ts';
import { PluginPeers } from './plugin-peers.ts';
import { addPluginRoutes } from './plugin-routes.ts';
import { addPreviewRoutes, type PreviewLimits, previewLimits } from './preview-route.ts';
import { addSimulateRoutes } from './simulate-route.ts';
import { addStatusRoutes } from './status-routes.ts';

/** From the first byte of a request to the last one of its body. */
const bodyWithinMs = 60_000;

export interface ServerOptions extends ApiSources {
  /** Which heads are bound; `demo` shows a banner on the page. */
  readonly profile?: string;
  readonly pageFolder?: URL;
  readonly previewLimits?: PreviewLimits;
}

export interface ConsoleServer extends AsyncDisposable {
  /** Address of the console, with the real port: `http://127.0.0.1:7430`. */
  readonly url: string;
}

/**
 * Opens the server on `config.api`.
 * Errors: TOKEN_REQUIRED off loopback without a token, PORT_IN_USE, CONFIG_INVALID for an address that is not this machine's.
 */
export async function createServer(options: ServerOptions): Promise<ConsoleServer> {
  const { config, logger, profile = 'demo' } = options;
  const { host, port } = config.api;
  const guard = createGuard(config.api);
  const api: Api = Fastify({
    logger: false,
    bodyLimit,
    forceCloseConnections: true,
    // A body that does not arrive holds one of the few places for images.
    requestTimeout: bodyWithinMs,
    frameworkErrors: (fault, request, reply) => void answerFault(fault, request, reply, logger),
    routerOptions: { querystringParser: (text) => Object.fromEntries(new URLSearchParams(text)) },
  }).withTypeProvider();
  // JSON is all that is read; the route for images has a parser of its own.
  api.removeContentTypeParser('text/plain');
  api.setValidatorCompiler(TypeBoxValidatorCompiler);
  // Answers are plain values of known types; the schemas describe them and the tests hold the answers against them.
  api.setSerializerCompiler(() => JSON.stringify);

  // Before the guard: it is this plugin that closes the socket of an upgrade that the guard refuses.
  await api.register(websocket, { options: { maxPayload: 16 * 1024 }, preClose: (done) => done() });
  // Not this process, in which plugins of isolation `host` run.
  const pluginPids = () => options.plugins.list().flatMap(({ pid }) => (pid === undefined || pid === process.pid ? [] : [pid]));
  addGuard(api, guard, logger, config.api.token === undefined ? new PluginPeers(pluginPids) : undefined);
  await addOpenApi(api);
  const audience = { eventClients: addEventsRoute(api, options), previewClients: addPreviewRoutes(api, options, options.previewLimits ?? previewLimits) };
  addStatusRoutes(api, options, profile, audience);
  addModelRoutes(api, options);
  addPluginRoutes(api, options);
  addSimulateRoutes(api, options);
  addAnalyzeRoute(api, options);
  addMetricsRoute(api, options, audience);
  addPageRoutes(api, options.pageFolder ?? pageFolder);

  try {
    await api.listen({ host, port });
  } catch (fault) {
    await api.close();
    throw listenFault(fault, host, port);
  }
  const { port: realPort } = api.server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  const url = `http://${name}:${realPort}`;
  logger.info({ url, loopback: isLoopback(host) }, 'console is open');
  return { url, [Symbol.asyncDispose]: () => api.close().then(() => {}) };
}

function listenFault(fault: unknown, host: string, port: number): MienError {
  const { code } = fault as NodeJS.ErrnoException;
  const cause = { cause: fault };
  if (code === 'EADDRINUSE') {
    return new MienError(
      'PORT_IN_USE',
      `port ${port} on ${host} is taken, perhaps by another Mien: stop it, or give another api.port (0 takes any free one)`,
      cause,
    );
  }
  if (code === 'EACCES') return new MienError('CONFIG_INVALID', `api.port ${port} needs rights that Mien does not have; take one from 1024 up`, cause);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new MienError('CONFIG_INVALID', `api.host ${host} is not an address of this machine; 127.0.0.1 is, 0.0.0.0 means all of them`, cause);
  }
  return MienError.from(fault);
}
