/** GET /v1/openapi.json, made from the routes' TypeBox schemas. */
import swagger from '@fastify/swagger';
import Type from 'typebox';
import { EventSchemas } from '../events.ts';
import type { Api } from './api.ts';
import { ErrorAnswer } from './http-errors.ts';
import { SocketFrame } from './socket-frames.ts';
import { version } from './status-routes.ts';
import { Subscription } from './subscription.ts';

const errorRef = { description: 'Refused or failed', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } };

/** Must be added before the routes it describes. */
export async function addOpenApi(api: Api): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Mien',
        version,
        description: 'Who stands before this device: people, events, models. On this machine no token is needed unless one is set.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'people', description: 'who is here' },
        { name: 'events', description: 'what happened' },
        { name: 'images', description: 'single images and the camera picture' },
        { name: 'models', description: 'networks and their state' },
        { name: 'plugins', description: 'plugins, their options and commands' },
        { name: 'device', description: 'health and numbers' },
      ],
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'api.token, or api.previewToken for the scope camera.preview' } },
      },
      security: [{}, { token: [] }],
    },
    transformObject: (document) => {
      const openapi = ('openapiObject' in document ? document.openapiObject : {}) as OpenApi;
      openapi.components ??= {};
      openapi.components.schemas = { ...openapi.components.schemas, ...namedSchemas() };
      openapi.paths = named(openapi.paths) as NonNullable<OpenApi['paths']>;
      for (const path of Object.values(openapi.paths)) {
        for (const operation of Object.values(path)) describe(operation);
      }
      return openapi as never;
    },
  });
  api.get(
    '/v1/openapi.json',
    { schema: { tags: ['device'], summary: 'This description', response: { 200: Type.Object({}, { additionalProperties: true }) } } },
    () => api.swagger() as object,
  );
}

interface Operation {
  requestBody?: { content?: Record<string, unknown>; required?: boolean };
  responses?: Record<string, { description?: string; content?: Record<string, unknown> }>;
  tags?: string[];
  summary?: string;
  operationId?: string;
}
interface OpenApi {
  components?: { schemas?: Record<string, unknown> };
  paths?: Record<string, Record<string, Operation>>;
}

/** What the routes' schemas cannot say: failures and bodies that are not JSON. */
function describe(operation: Operation): void {
  operation.responses = { ...operation.responses, default: errorRef };
  const ok = operation.responses['200'];
  if (!ok) return;
  ok.description = operation.summary ?? 'Done';
  const binary = { schema: { type: 'string', contentMediaType: 'image/jpeg' } };
  const { summary = '' } = operation;
  if (summary.includes('image/jpeg')) ok.content = { 'image/jpeg': binary };
  if (summary.includes('multipart/')) ok.content = { 'multipart/x-mixed-replace': {} };
  if (summary.startsWith('Prometheus')) ok.content = { 'text/plain': { schema: { type: 'string' } } };
  if (summary.startsWith('Measure')) {
    ok.content = { ...ok.content, 'image/jpeg': binary };
    operation.requestBody = { required: true, content: { 'image/*': {}, 'application/octet-stream': {} } };
  }
}

function namedSchemas(): Record<string, unknown> {
  const events = Object.entries(EventSchemas).map(([name, schema]) => [`event.${name}`, schema]);
  return { Error: ErrorAnswer, SocketFrame: named(SocketFrame), Subscription, ...Object.fromEntries(events) };
}

/** The same schema with every event in it replaced by its name, so that each is spelt out once. */
function named(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(named);
  if (schema === null || typeof schema !== 'object') return schema;
  const id = (schema as { properties?: { dataschema?: { const?: string } } }).properties?.dataschema?.const;
  if (id !== undefined) return { $ref: `#/components/schemas/event.${id.split(':')[3]}` };
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, named(value)]));
}
