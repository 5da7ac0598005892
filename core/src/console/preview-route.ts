/**
 * GET /v1/preview.jpg and /v1/preview.mjpeg: the camera's picture with boxes, only for the scope camera.preview and only
 * while asked for. The next picture is taken when the one before has left: a slow client gets fewer, never a queue.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import Type from 'typebox';
import { MienError } from '../errors.ts';
import type { Sight } from '../sight/sight.ts';
import type { Api, ApiSources } from './api.ts';
import { demandCamera } from './status-routes.ts';

type Pictures = ReturnType<Sight['preview']>;

const boundary = 'mien-frame';
const firstFrameMs = 5000;

const Query = Type.Object(
  {
    camera: Type.Optional(Type.String({ description: 'the first one when absent' })),
    framesPerSecond: Type.Optional(Type.Number({ minimum: 0.2, maximum: 30, default: 10 })),
    width: Type.Optional(Type.Integer({ minimum: 64, maximum: 1280 })),
    access_token: Type.Optional(Type.String({ description: 'the token, where no header can be sent' })),
  },
  { additionalProperties: false },
);

export interface PreviewLimits {
  /** A stream ends after this long, so that no picture is left on by mistake. */
  readonly streamMs: number;
  readonly maximumClients: number;
}
export const previewLimits: PreviewLimits = { streamMs: 10 * 60_000, maximumClients: 4 };

export function addPreviewRoutes(api: Api, sources: ApiSources, limits: PreviewLimits): { readonly clients: number } {
  const { sight, config, logger } = sources;
  const streams = new Set<AbortController>();
  const access = { access: 'camera.preview', queryToken: true, sameOrigin: true } as const;
  const docs = (summary: string) => ({ tags: ['images'], summary, description: 'Needs the scope camera.preview.', querystring: Query });

  const open = (query: Type.Static<typeof Query>): { pictures: Pictures; end: AbortController } => {
    if (streams.size >= limits.maximumClients) throw new MienError('BUSY', `${limits.maximumClients} previews are open; close one`);
    const camera = query.camera ?? config.cameras[0]?.name ?? 'main';
    demandCamera(sources, camera);
    if (camera === sources.simulator?.camera) throw new MienError('SERVICE_UNAVAILABLE', 'there is nothing to see: simulated people have no pictures');
    const { framesPerSecond = 10, width } = query;
    const pictures = sight.preview(camera, { framesPerSecond, ...(width !== undefined && { width }) });
    const end = new AbortController();
    streams.add(end);
    end.signal.addEventListener('abort', () => {
      streams.delete(end);
      pictures.return?.().catch((fault: unknown) => logger.debug({ err: fault }, 'preview did not end cleanly'));
    });
    return { pictures, end };
  };

  api.get('/v1/preview.jpg', { config: access, schema: docs('One picture of a camera with boxes (image/jpeg)') }, async (request, reply) => {
    const { pictures, end } = open(request.query);
    const timer = setTimeout(() => end.abort(), firstFrameMs);
    reply.raw.once('close', () => end.abort());
    try {
      const first = await nextPicture(pictures, end.signal);
      if (first.done) throw new MienError('CAMERA_LOST', `no picture came within ${firstFrameMs / 1000} s; is the camera live?`);
      return reply.type('image/jpeg').send(Buffer.from(first.value));
    } finally {
      clearTimeout(timer);
      end.abort();
    }
  });

  // No HEAD: it would hold one of the few places for ten minutes and show nothing.
  const schema = docs('Pictures of a camera as multipart/x-mixed-replace, for ten minutes');
  api.get('/v1/preview.mjpeg', { config: access, schema, exposeHeadRoute: false }, (request, reply) => {
    const { pictures, end } = open(request.query);
    const timer = setTimeout(() => end.abort(), limits.streamMs);
    reply.raw.once('close', () => end.abort());
    end.signal.addEventListener('abort', () => clearTimeout(timer));
    reply.hijack();
    reply.raw.writeHead(200, { ...reply.getHeaders(), 'content-type': `multipart/x-mixed-replace; boundary=${boundary}` } as Record<string, string>);
    relay(pictures, reply.raw, end.signal)
      .catch((fault: unknown) => logger[fault instanceof MienError ? 'warn' : 'debug']({ err: fault }, 'preview ended'))
      .finally(() => {
        end.abort();
        reply.raw.end();
      });
  });

  api.addHook('preClose', (done) => {
    for (const end of streams) end.abort();
    done();
  });
  return {
    get clients() {
      return streams.size;
    },
  };
}

/** The boundary closes each picture at once: a browser shows a picture when it sees the next boundary. */
async function relay(pictures: Pictures, response: ServerResponse, signal: AbortSignal): Promise<void> {
  response.write(`--${boundary}\r\n`);
  for (let next = await nextPicture(pictures, signal); !next.done; next = await nextPicture(pictures, signal)) {
    response.write(`Content-Type: image/jpeg\r\nContent-Length: ${next.value.length}\r\n\r\n`);
    response.write(next.value);
    if (!response.write(`\r\n--${boundary}\r\n`)) await once(response, 'drain', { signal });
  }
}

/** Ends with the signal, also while a lost camera gives no picture. */
function nextPicture(pictures: Pictures, signal: AbortSignal): Promise<IteratorResult<Uint8Array, undefined>> {
  const ended = { done: true, value: undefined } as const;
  if (signal.aborted) return Promise.resolve(ended);
  return new Promise((resolve, reject) => {
    const end = (): void => resolve(ended);
    signal.addEventListener('abort', end, { once: true });
    pictures
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', end));
  });
}
