/** POST /v1/analyze: relays an encoded image to sight, unopened, and answers what it saw. */
import Type from 'typebox';
import { MienError } from '../errors.ts';
import type { AnalyzeOptions } from '../sight/sight.ts';
import { type Api, type ApiSources, bodyLimit } from './api.ts';
import { AnalyzeAnswer } from './status.ts';

/** Images held at once; more answer BUSY, so that memory stays bounded. */
const maximumInFlight = 4;
const deadlineMs = 30_000;

const Query = Type.Object(
  {
    crop: Type.Optional(Type.Boolean({ description: 'the image is one aligned square crop: no detection, exactly one face' })),
    asPerson: Type.Optional(Type.Boolean({ description: "apply quality gate, abstention and minors' rule" })),
    annotate: Type.Optional(Type.Enum(['boxes', 'blur', 'pixelate'], { description: 'answer the drawn image/jpeg instead' })),
  },
  { additionalProperties: false },
);

export function addAnalyzeRoute(api: Api, { sight }: ApiSources): void {
  let inFlight = 0;

  api.register(async (scope: Api) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(/^(image\/[\w.+-]+|application\/octet-stream)(;|$)/i, { parseAs: 'buffer', bodyLimit }, (_request, body, done) => {
      done(null, body);
    });
    scope.post(
      '/v1/analyze',
      {
        bodyLimit,
        config: { takesImage: true },
        schema: {
          tags: ['images'],
          summary: 'Measure the faces of an image',
          description: `The body is the encoded image (image/* or application/octet-stream, at most ${bodyLimit} bytes). Nothing is stored.`,
          consumes: ['image/*', 'application/octet-stream'],
          querystring: Query,
          response: { 200: AnalyzeAnswer },
        },
        onRequest: async (_request, reply) => {
          if (inFlight >= maximumInFlight) throw new MienError('BUSY', `${maximumInFlight} images are being analysed; try again in a second`);
          inFlight += 1;
          reply.raw.once('close', () => {
            inFlight -= 1;
          });
        },
      },
      async (request, reply) => {
        const image = request.body as Buffer | undefined;
        if (!Buffer.isBuffer(image) || image.length === 0) throw new MienError('IMAGE_EMPTY', 'the body is empty; send the encoded image');
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        const deadline = AbortSignal.timeout(deadlineMs);
        try {
          const { annotated, ...analysis } = await sight.analyze(image, request.query satisfies AnalyzeOptions, AbortSignal.any([gone.signal, deadline]));
          if (request.query.annotate === undefined) return analysis;
          if (!annotated) throw new MienError('INTERNAL', 'sight did not draw the image');
          return reply
            .header('mien-faces', analysis.faces.length)
            .type('image/jpeg')
            .send(Buffer.from(annotated) as never);
        } catch (fault) {
          // Nobody waits for the answer any more, and that is no fault.
          if (gone.signal.aborted) return reply.hijack() as never;
          if (deadline.aborted) throw new MienError('STEP_TIMEOUT', `the image took longer than ${deadlineMs / 1000} s`, { cause: fault });
          throw fault;
        }
      },
    );
  });
}
