/**
 * A typed client of a running Mien, for Node 22 and newer and for browsers. No dependencies.
 *
 *     const mien = createClient({ url: 'http://127.0.0.1:7430' });
 *     for await (const event of mien.events({ types: ['person.appeared'] })) greet(event.data.person);
 */

import { ClientError } from './client-error.ts';
import type {
  AnalyzeAnswer,
  ChangeAnswer,
  CommandInfo,
  CommandsAnswer,
  HeldEvents,
  ModelsAnswer,
  PeopleAnswer,
  PluginStatus,
  PluginsAnswer,
  SimulatedPerson,
  SimulatorStatus,
  Status,
} from './console/answers.ts';
import type { EventName, MienEvent, Person } from './events.ts';
import type { EventFilter } from './host/event-filter.ts';
import type { AnalyzeOptions, AnnotateStyle, ModelStatus, SwapRequest } from './sight/sight.ts';
import { type FollowOptions, followSocket } from './socket-follower.ts';

export type { CommandInfo, EventFilter, EventName, MienEvent, ModelStatus, Person, PluginStatus, SimulatedPerson, SimulatorStatus, Status };
export { ClientError };

export interface ClientOptions {
  /** Where Mien runs, as `http://127.0.0.1:7430`. */
  readonly url: string;
  readonly token?: string | undefined;
}

export interface EventsOptions extends Omit<EventFilter, 'types'>, FollowOptions {
  readonly types?: readonly EventName[];
  /** Updates of one type about one person closer than this come as one, the newest. */
  readonly debounceMs?: number;
  /** Start after this sequence instead of now; 0 gives everything still held. */
  readonly since?: number;
  /** The start of Mien that `since` belongs to, `data.clock.bootId` of its event: after another everything held comes, and `onGap` is told. */
  readonly bootId?: string;
}

export interface PeopleOptions extends Omit<EventFilter, 'types'>, FollowOptions {
  /** `periodic` once a second; `motion` at frame rate, on the same machine only. */
  readonly mode?: 'periodic' | 'motion';
  /** Least milliseconds between two snapshots. */
  readonly leastMs?: number;
}

/** Every call rejects with ClientError, or with the signal's reason when aborted. */
export interface Client {
  status(signal?: AbortSignal): Promise<Status>;
  people(camera?: string, signal?: AbortSignal): Promise<PeopleAnswer['people']>;
  models(signal?: AbortSignal): Promise<readonly ModelStatus[]>;
  loadModel(name: string): Promise<ModelStatus>;
  unloadModel(name: string): Promise<ModelStatus>;
  swapModel(name: string, request: SwapRequest): Promise<ModelStatus>;
  selftestModel(name: string): Promise<ModelStatus>;
  plugins(signal?: AbortSignal): Promise<readonly PluginStatus[]>;
  restartPlugin(name: string): Promise<PluginStatus>;
  enablePlugin(name: string, enabled: boolean): Promise<ChangeAnswer>;
  /** Rejects with CONFIG_INVALID, all faults in the message; the present options then stay. */
  setPluginOptions(name: string, options: object): Promise<ChangeAnswer>;
  checkPluginOptions(name: string, options: object): Promise<readonly string[]>;
  commands(signal?: AbortSignal): Promise<readonly CommandInfo[]>;
  /** Virtual people of this Mien. */
  simulation(signal?: AbortSignal): Promise<SimulatorStatus>;
  /** Plays a scenario, or adds `{ people }` to who is there. Rejects with SCENARIO_INVALID. */
  simulate(scenario: object): Promise<SimulatorStatus>;
  changeSimulated(id: string, change: object): Promise<SimulatorStatus>;
  removeSimulated(id: string): Promise<SimulatorStatus>;
  endSimulation(): Promise<SimulatorStatus>;
  /** Summaries of the audience. Rejects with ROUTE_NOT_FOUND where Mien keeps none. */
  audience(signal?: AbortSignal): Promise<unknown>;
  /** Runs a command of a plugin. */
  run(command: string, input?: object, signal?: AbortSignal): Promise<unknown>;
  /** `image` is an encoded image: JPEG, PNG, WebP and what else sight decodes. */
  analyze(image: Uint8Array<ArrayBuffer> | Blob, options?: Omit<AnalyzeOptions, 'annotate'>, signal?: AbortSignal): Promise<AnalyzeAnswer>;
  /** The image as JPEG with the faces boxed or made unrecognisable. */
  annotate(image: Uint8Array<ArrayBuffer> | Blob, style: AnnotateStyle, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** One JPEG of the camera; needs the scope camera.preview. */
  preview(camera?: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Events still held in memory, oldest first. */
  heldEvents(options?: Omit<EventsOptions, keyof FollowOptions | 'debounceMs' | 'bootId'>): Promise<HeldEvents>;
  /** Events as they come, without end: reconnects and goes on where it was. Ends when `signal` aborts or the loop is left. */
  events(options?: EventsOptions): AsyncIterableIterator<MienEvent>;
  /** Snapshots of everybody who is here. Snapshots that nobody took are replaced by the newest. */
  snapshots(options?: PeopleOptions): AsyncIterableIterator<readonly Person[]>;
  /** Address of the live picture for an <img>, with the token in it. */
  previewUrl(camera: string): string;
}

export function createClient({ url, token }: ClientOptions): Client {
  const base = new URL(url);

  async function call(method: Verb, path: string, request: CallOptions = {}): Promise<Response> {
    const target = addressOf(base, path, request.query);
    const headers = new Headers();
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    if (request.type !== undefined) headers.set('content-type', request.type);
    let response: Response;
    try {
      response = await fetch(target, { method, headers, body: request.body ?? null, signal: request.signal ?? null });
    } catch (cause) {
      if (request.signal?.aborted) throw request.signal.reason;
      throw new ClientError('UNREACHABLE', `nothing answers at ${base.origin}; is Mien running there?`, 0, { cause });
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }
  const json = async <T>(method: Verb, path: string, request?: CallOptions): Promise<T> => (await call(method, path, request)).json() as Promise<T>;
  const model = (name: string, action: string, body?: object): Promise<ModelStatus> =>
    json('POST', `/v1/models/${encodeURIComponent(name)}/${action}`, body && { body: JSON.stringify(body), type: 'application/json' });
  const plugin = <T>(verb: Verb, name: string, action: string, body: object = {}): Promise<T> =>
    json(verb, `/v1/plugins/${encodeURIComponent(name)}/${action}`, { body: JSON.stringify(body), type: 'application/json' });
  const simulated = (verb: Verb, path: string, body?: object): Promise<SimulatorStatus> =>
    json(verb, `/v1/simulate${path}`, body && { body: JSON.stringify(body), type: 'application/json' });
  const bytes = async (response: Promise<Response>): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await (await response).arrayBuffer());
  const image = (body: Uint8Array<ArrayBuffer> | Blob, query: Query, signal?: AbortSignal): CallOptions => ({
    body,
    query,
    signal,
    type: 'application/octet-stream',
  });
  const socketAddress = (query: Query) => {
    const address = addressOf(base, '/v1/events', { ...query, access_token: token });
    address.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
    return address;
  };

  const probe = (): Promise<unknown> => call('GET', '/v1/status');

  return {
    status: (signal) => json('GET', '/v1/status', { signal }),
    people: async (camera, signal) => (await json<PeopleAnswer>('GET', '/v1/people', { query: { camera }, signal })).people,
    models: async (signal) => (await json<ModelsAnswer>('GET', '/v1/models', { signal })).models,
    loadModel: (name) => model(name, 'load'),
    unloadModel: (name) => model(name, 'unload'),
    swapModel: (name, request) => model(name, 'swap', request),
    selftestModel: (name) => model(name, 'selftest'),
    plugins: async (signal) => (await json<PluginsAnswer>('GET', '/v1/plugins', { signal })).plugins,
    restartPlugin: (name) => plugin('POST', name, 'restart'),
    enablePlugin: (name, enabled) => plugin('POST', name, enabled ? 'enable' : 'disable'),
    setPluginOptions: (name, options) => plugin('PUT', name, 'options', options),
    checkPluginOptions: async (name, options) => (await plugin<{ faults: string[] }>('POST', name, 'check', options)).faults,
    commands: async (signal) => (await json<CommandsAnswer>('GET', '/v1/commands', { signal })).commands,
    simulation: (signal) => json('GET', '/v1/simulate', { signal }),
    simulate: (scenario) => simulated('POST', '', scenario),
    changeSimulated: (id, change) => simulated('PATCH', `/people/${encodeURIComponent(id)}`, change),
    removeSimulated: (id) => simulated('DELETE', `/people/${encodeURIComponent(id)}`),
    endSimulation: () => simulated('DELETE', ''),
    audience: (signal) => json('GET', '/v1/audience', { signal }),
    run: async (command, input = {}, signal) => {
      const request = { body: JSON.stringify(input), type: 'application/json', signal };
      return (await json<{ result: unknown }>('POST', `/v1/commands/${encodeURIComponent(command)}`, request)).result;
    },
    analyze: (body, options = {}, signal) => json('POST', '/v1/analyze', image(body, { ...options }, signal)),
    annotate: (body, annotate, signal) => bytes(call('POST', '/v1/analyze', image(body, { annotate }, signal))),
    preview: (camera, signal) => bytes(call('GET', '/v1/preview.jpg', { query: { camera }, signal })),
    heldEvents: ({ since, ...filter } = {}) => json('GET', '/v1/events', { query: { ...filterQuery(filter), since } }),
    events({ since, bootId, debounceMs, signal, onConnection, onGap, mostDelayMs, ...filter } = {}) {
      const query = { ...filterQuery(filter), debounceMs };
      const follow = { signal, onConnection, onGap, mostDelayMs, probe };
      return followSocket(
        (resume) => socketAddress({ ...query, since: resume?.since ?? since, bootId: resume ? resume.bootId : bootId }),
        follow,
        (frame) => (frame.kind === 'event' ? frame.event : undefined),
      );
    },
    snapshots({ mode = 'periodic', leastMs, signal, onConnection, onGap, mostDelayMs, ...filter } = {}) {
      const address = socketAddress({ ...filterQuery(filter), mode, debounceMs: leastMs });
      const follow = { signal, onConnection, onGap, mostDelayMs, probe, newestOnly: true };
      return followSocket(
        () => address,
        follow,
        (frame) => (frame.kind === 'people' ? frame.people : undefined),
      );
    },
    previewUrl: (camera) => addressOf(base, '/v1/preview.mjpeg', { camera, access_token: token }).href,
  };
}

type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface CallOptions {
  readonly query?: Query;
  readonly body?: Uint8Array<ArrayBuffer> | Blob | string;
  readonly type?: string;
  readonly signal?: AbortSignal | undefined;
}

function addressOf(base: URL, path: string, query: Query = {}): URL {
  const address = new URL(path, base);
  for (const [key, value] of Object.entries(query)) if (value !== undefined) address.searchParams.set(key, String(value));
  return address;
}

/** The query form of a filter; the server's subscription.ts reads it. */
function filterQuery({ types, cameras, person = {} }: Omit<EventFilter, 'types'> & { readonly types?: readonly string[] }): Query {
  const conditions = Object.entries(person).map(([path, condition]) => [
    `person.${path}`,
    Array.isArray(condition) ? condition.join(',') : `${condition.min ?? ''}..${condition.max ?? ''}`,
  ]);
  return { types: types?.join(','), camera: cameras?.join(','), ...Object.fromEntries(conditions) };
}

async function refusal(response: Response): Promise<ClientError> {
  const fallback = { code: 'INTERNAL', message: `${response.status} ${response.statusText}` };
  const { error = fallback } = (await response.json().catch(() => ({}))) as { error?: { code: string; message: string } };
  return new ClientError(error.code, error.message, response.status);
}
