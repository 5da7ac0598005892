/** What every route gets, and the guard in front of all of them. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Config } from '../config.ts';
import type { NpuTelemetry } from '../device/npu-reading.ts';
import { MienError } from '../errors.ts';
import type { EventBus } from '../host/event-bus.ts';
import type { PluginChange, Plugins } from '../host/plugins/plugins.ts';
import type { Logger } from '../log.ts';
import type { Sight } from '../sight/sight.ts';
import type { Simulator } from '../simulate/controller.ts';
import type { ApiScope, Guard } from './auth.ts';
import { httpStatus, nameFault } from './http-errors.ts';
import type { PeopleView } from './people-view.ts';
import type { PluginPeers } from './plugin-peers.ts';

export type Api = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, TypeBoxTypeProvider>;

export interface ApiSources {
  readonly config: Config;
  readonly sight: Sight;
  readonly people: PeopleView;
  readonly bus: EventBus;
  readonly logger: Logger;
  readonly plugins: Plugins;
  readonly npu: NpuTelemetry;
  /** Virtual people beside the cameras. */
  readonly simulator?: Simulator | undefined;
  /** Writes a change of a plugin into the configuration file; false when there is none. */
  readonly saveChange?: ((name: string, change: PluginChange) => Promise<boolean>) | undefined;
  /** Why Mien runs without plugins, when it does. */
  readonly safeMode?: string | undefined;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call; `api` when absent, `open` for nothing secret. */
    access?: ApiScope | 'open';
    /** Also take the token as ?access_token=, for pictures and sockets, which a page cannot give headers. */
    queryToken?: boolean;
    /** The body is an encoded image, where others take JSON. */
    takesImage?: boolean;
    /** Refuse a browser that comes from another site. Always so for what is not GET or HEAD. */
    sameOrigin?: boolean;
  }
}

/** Bytes of the largest request body. */
export const bodyLimit = 25 * 1024 * 1024;

const headers = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Must be added before any route. `peers`: where there is no token, plugins are kept out by who they are. */
export function addGuard(api: Api, guard: Guard, logger: Logger, peers?: PluginPeers): void {
  api.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    const { access = 'api', queryToken, sameOrigin } = request.routeOptions.config;
    guard.checkHost(request.headers);
    if (sameOrigin || (request.method !== 'GET' && request.method !== 'HEAD')) guard.checkOrigin(request.headers);
    if (access !== 'open' && !request.is404) {
      guard.checkToken({ headers: request.headers, query: request.query as Record<string, unknown> }, access, queryToken);
      if (peers && (await peers.isPlugin(request.raw.socket))) {
        throw new MienError(
          'FORBIDDEN',
          'this comes from a plugin of this Mien, which would see what it was not granted; it has services, commands and events in its context',
        );
      }
    }
  });
  api.setErrorHandler((fault, request, reply) => answerFault(fault, request, reply, logger));
  api.setNotFoundHandler((request) => {
    throw new MienError('ROUTE_NOT_FOUND', `there is no ${request.method} ${request.url.split('?')[0]}; /v1/openapi.json lists what there is`);
  });
}

/** Answers any fault in the one form that errors have, also those that fastify finds before a route is known. */
export function answerFault(fault: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): FastifyReply {
  const route = request.routeOptions as FastifyRequest['routeOptions'] | undefined;
  const named = nameFault(fault, { maxBytes: route?.bodyLimit ?? bodyLimit, isImage: route?.config.takesImage ?? false });
  const status = httpStatus(named);
  const fields = { method: request.method, path: request.url.split('?')[0], code: named.code };
  // What a command's own code threw stands in the log already, with its stack.
  if (status >= 500 && named.code !== 'COMMAND_FAILED') logger.error({ ...fields, err: fault }, 'request failed');
  else logger.debug(fields, named.message);
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="Mien"');
  if (status === 429) reply.header('retry-after', '1');
  return reply.code(status).type('application/json; charset=utf-8').send({ error: named.toJSON() });
}
