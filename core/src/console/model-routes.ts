/** GET /v1/models and what can be done to one: load, unload, swap, selftest. */
import Type from 'typebox';
import type { Api, ApiSources } from './api.ts';
import { Model, SwapBody } from './status.ts';

export function addModelRoutes(api: Api, { sight }: ApiSources): void {
  const params = Type.Object({ name: Type.String() });
  const schema = (summary: string) => ({ tags: ['models'], summary, params, response: { 200: Model } });

  api.get(
    '/v1/models',
    { schema: { tags: ['models'], summary: 'Every network with its state', response: { 200: Type.Object({ models: Type.Array(Model) }) } } },
    async () => ({ models: [...(await sight.models.list())] }),
  );
  for (const action of ['load', 'unload', 'selftest'] as const) {
    const summary = { load: 'Load, warm up and test a network', unload: 'Free a network', selftest: 'Run the known answers again' }[action];
    api.post(`/v1/models/:name/${action}`, { schema: schema(summary) }, async ({ params: { name } }) => sight.models[action](name));
  }
  api.post(
    '/v1/models/:name/swap',
    {
      preValidation: async (request) => {
        request.body ??= {};
      },
      schema: { ...schema('Change over to another release or precision between two frames; on failure the present one stays'), body: SwapBody },
    },
    async ({ params: { name }, body }) => sight.models.swap(name, body),
  );
}
