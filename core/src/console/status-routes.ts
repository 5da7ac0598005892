/** GET /v1/status, /v1/people and /healthz. */
import { readFileSync } from 'node:fs';
import Type from 'typebox';
import { MienError } from '../errors.ts';
import type { SightStatus } from '../sight/sight.ts';
import type { Api, ApiSources } from './api.ts';
import { PeopleAnswer } from './people-view.ts';
import { Status } from './status.ts';

export const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

export interface Audience {
  readonly eventClients: { readonly clients: number };
  readonly previewClients: { readonly clients: number };
}

export function addStatusRoutes(api: Api, sources: ApiSources, profile: string, audience: Audience): void {
  const { config, sight, people, bus, plugins, npu, safeMode } = sources;
  const startedAtWallMs = Date.now();
  const startedMonoMs = performance.now();

  api.get('/v1/status', { schema: { tags: ['device'], summary: 'State of the device', response: { 200: Status } } }, async () => {
    const reading = await npu.read();
    const status = sight.status();
    const states = plugins.list().map(({ state }) => state);
    return {
      name: 'mien' as const,
      version,
      device: config.device,
      profile,
      startedAtWallMs,
      uptimeMs: Math.round(performance.now() - startedMonoMs),
      health: healthOf(status),
      sight: status,
      npu: reading,
      people: people.current().filter(({ state }) => state === 'present').length,
      events: {
        ...(bus.bootId !== undefined && { bootId: bus.bootId }),
        ...bus.ring.range,
        clients: audience.eventClients.clients,
        listenerFaults: bus.listenerFaults,
      },
      plugins: {
        running: states.filter((state) => state === 'running').length,
        ill: states.filter((state) => state === 'blocked' || state === 'waiting' || state === 'quarantined').length,
      },
      ...(safeMode !== undefined && { safeMode }),
      previewClients: audience.previewClients.clients,
    };
  });

  api.get(
    '/v1/people',
    {
      schema: {
        tags: ['people'],
        summary: 'Who is here now, and what is held back why',
        querystring: Type.Object({ camera: Type.Optional(Type.String()) }, { additionalProperties: false }),
        response: { 200: PeopleAnswer },
      },
    },
    (request) => {
      const { camera } = request.query;
      if (camera !== undefined) demandCamera(sources, camera);
      const here = people.current().filter((person) => camera === undefined || person.camera === camera);
      return { atWallMs: Date.now(), people: here.map((person) => ({ ...person, whyNot: [...people.whyNot(person.id)] })) };
    },
  );

  api.get(
    '/healthz',
    {
      config: { access: 'open' },
      schema: {
        tags: ['device'],
        summary: '200 while Mien sees, 503 otherwise',
        response: { 200: Type.Object({ state: Type.String() }), 503: Type.Object({ state: Type.String() }) },
      },
    },
    async (_request, reply) => {
      const { state } = healthOf(sight.status());
      reply.code(state === 'down' ? 503 : 200);
      return { state };
    },
  );
}

export function healthOf(status: SightStatus): Status['health'] {
  if (status.state !== 'running') return { state: 'down', reasons: [`sight is ${status.state}`] };
  const lost = status.cameras.filter(({ state }) => state === 'lost');
  const reasons = [...lost.map(({ name, error }) => `camera ${name} is lost${error ? `: ${error.message}` : ''}`), ...status.degraded];
  const blind = lost.length > 0 && lost.length === status.cameras.length;
  return { state: blind ? 'down' : reasons.length > 0 ? 'degraded' : 'ok', reasons };
}

/** Errors: CAMERA_NOT_FOUND naming the ones there are. */
export function demandCamera({ config, simulator }: Pick<ApiSources, 'config' | 'simulator'>, name: string): void {
  const names = [...config.cameras.map((camera) => camera.name), ...(simulator?.isActive ? [simulator.camera] : [])];
  if (names.includes(name)) return;
  throw new MienError('CAMERA_NOT_FOUND', `there is no camera "${name}"; there is ${names.join(', ')}`);
}
