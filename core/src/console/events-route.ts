/** GET /v1/events: the events held in memory as JSON, or, as a WebSocket, the events as they come. */
import Type from 'typebox';
import type { WebSocket } from 'ws';
import { MienError } from '../errors.ts';
import type { MienEvent } from '../events.ts';
import { matches } from '../host/event-filter.ts';
import type { Api, ApiSources } from './api.ts';
import { isLoopback } from './auth.ts';
import { EventConnection, subscribeRequest } from './event-connection.ts';
import { HeldEvents } from './socket-frames.ts';
import { checkSubscription, type Subscription, subscriptionOfQuery } from './subscription.ts';

const heartbeatMs = 15_000;
const maximumClients = 64;
const closeGraceMs = 200;
const maximumUnreadBytes = 1 << 20;

/** Read by subscriptionOfQuery, which also knows `person.*` and says what is wrong over the socket. */
const text = (description: string) => Type.Optional(Type.String({ description }));
const Query = Type.Object(
  {
    types: text('short names, separated by commas: person.appeared,person.left'),
    camera: text('camera names, separated by commas'),
    mode: text('events (default), periodic or motion'),
    debounceMs: text('0 to 60000'),
    since: text('a sequence'),
    bootId: text('the start of Mien that `since` belongs to'),
    access_token: text('the token, where no header can be sent'),
  },
  { additionalProperties: true },
);

export function addEventsRoute(api: Api, { bus, people, logger }: ApiSources): { readonly clients: number } {
  const connections = new Map<EventConnection, { socket: WebSocket; alive: boolean }>();

  api.route({
    method: 'GET',
    url: '/v1/events',
    config: { queryToken: true, sameOrigin: true },
    schema: {
      tags: ['events'],
      summary: 'Events: those held in memory, or a WebSocket with those to come',
      description:
        'Plain GET answers the held events that match. As a WebSocket each message is a SocketFrame; the query is the first ' +
        'subscription, a message {"kind":"subscribe","subscription":{...}} replaces it. Query: types, camera, mode, debounceMs, since, ' +
        'bootId, and conditions such as person.zone=near,mid or person.age.years=18..30.',
      querystring: Query,
      response: { 200: HeldEvents },
    },
    handler: async (request) => {
      const subscription = subscriptionOfQuery(request.query);
      const { ring, bootId } = bus;
      const events: MienEvent[] = [];
      for (let position = ring.after(subscription.since ?? 0); position < ring.head; position += 1) {
        const event = ring.at(position);
        if (event && matches(subscription, event)) events.push(event);
      }
      return { ...(bootId !== undefined && { bootId }), ...ring.range, events };
    },
    wsHandler: (socket, request) => {
      if (connections.size >= maximumClients) return socket.close(1013, `at most ${maximumClients} clients`);
      const local = isLoopback(request.socket.remoteAddress?.replace('::ffff:', '') ?? '');
      const connection = new EventConnection(socket, { bus, people });
      const state = { socket, alive: true };
      connections.set(connection, state);
      const subscribe = (read: () => Subscription): void => {
        try {
          const subscription = read();
          if (subscription.mode === 'motion' && !local) {
            throw new MienError('FORBIDDEN', 'mode motion is for clients on this machine; use mode periodic');
          }
          connection.subscribe(subscription);
        } catch (fault) {
          connection.send({ kind: 'error', error: MienError.from(fault).toJSON() });
        }
      };
      socket.on('pong', () => {
        state.alive = true;
      });
      socket.on('message', (data) => {
        // Each message is answered: one who sends and never reads would fill the memory.
        if (socket.bufferedAmount > maximumUnreadBytes) return connection.close(1013, 'slow consumer');
        subscribe(() => checkSubscription(subscribeRequest(String(data))));
      });
      socket.on('close', () => {
        connection.dispose();
        connections.delete(connection);
      });
      socket.on('error', (fault) => logger.debug({ err: fault }, 'events socket failed'));
      subscribe(() => subscriptionOfQuery(request.query as Readonly<Record<string, unknown>>));
    },
  });

  const beat = setInterval(() => {
    for (const [connection, state] of connections) {
      if (!state.alive) {
        state.socket.terminate();
        continue;
      }
      state.alive = false;
      state.socket.ping();
      connection.heartbeat();
    }
  }, heartbeatMs);
  beat.unref();
  api.addHook('preClose', (done) => {
    clearInterval(beat);
    for (const connection of connections.keys()) connection.close(1001, 'Mien is stopping', closeGraceMs);
    done();
  });
  return {
    get clients() {
      return [...connections.keys()].filter(({ closed }) => !closed).length;
    },
  };
}
