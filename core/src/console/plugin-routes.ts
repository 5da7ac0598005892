/** GET /v1/plugins and what can be done to one; GET /v1/commands and running one. */
import Type from 'typebox';
import { MienError } from '../errors.ts';
import { CommandInfo, PluginStatus } from '../host/plugins/plugin-status.ts';
import type { PluginChange } from '../host/plugins/plugins.ts';
import type { Api, ApiSources } from './api.ts';

export const PluginsAnswer = Type.Object({ plugins: Type.Array(PluginStatus) });
export const ChangeAnswer = Type.Object({
  plugin: PluginStatus,
  saved: Type.Boolean({ description: 'the change stands in the configuration file; without a file it lasts until Mien ends' }),
});
export const CommandsAnswer = Type.Object({ commands: Type.Array(CommandInfo) });
export const CommandAnswer = Type.Object({ result: Type.Unknown() });
const Faults = Type.Object({ faults: Type.Array(Type.String({ description: 'path: what was expected' })) });
/** Checked against the plugin's own schema. */
const Options = Type.Record(Type.String(), Type.Unknown());

export function addPluginRoutes(api: Api, { plugins, saveChange }: ApiSources): void {
  const params = Type.Object({ name: Type.String() });
  const schema = (summary: string) => ({ tags: ['plugins'], summary, params });
  const emptyBody = {
    preValidation: async (request: { body?: unknown }) => {
      request.body ??= {};
    },
  };

  /** Also saved, when the change was taken: with its secrets, which a form sends back masked. */
  const change = async (name: string, wish: PluginChange) => {
    const whole = wish.options === undefined ? wish : { ...wish, options: plugins.unmasked(name, wish.options) };
    const plugin = await plugins.configure(name, whole);
    return { plugin, saved: (await saveChange?.(name, whole)) ?? false };
  };

  api.get(
    '/v1/plugins',
    { schema: { tags: ['plugins'], summary: 'Every plugin with its state and the schema of its options', response: { 200: PluginsAnswer } } },
    async () => ({ plugins: [...plugins.list()] }),
  );
  api.get('/v1/plugins/:name', { schema: { ...schema('One plugin'), response: { 200: PluginStatus } } }, async ({ params: { name } }) => plugins.status(name));
  api.post(
    '/v1/plugins/:name/restart',
    { schema: { ...schema('Start it anew; ends a quarantine'), response: { 200: PluginStatus } } },
    async ({ params: { name } }) => plugins.restart(name),
  );
  for (const [action, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    api.post(
      `/v1/plugins/:name/${action}`,
      { schema: { ...schema(enabled ? 'Start it, and with Mien from now on' : 'Stop it, and keep it stopped'), response: { 200: ChangeAnswer } } },
      async ({ params: { name } }) => change(name, { enabled }),
    );
  }
  api.put(
    '/v1/plugins/:name/options',
    {
      ...emptyBody,
      schema: { ...schema('Use these options: only this plugin is started anew; faulty ones are refused'), body: Options, response: { 200: ChangeAnswer } },
    },
    async ({ params: { name }, body }) => change(name, { options: body }),
  );
  api.post(
    '/v1/plugins/:name/check',
    { ...emptyBody, schema: { ...schema('Would these options be good? Nothing changes'), body: Options, response: { 200: Faults } } },
    async ({ params: { name }, body }) => ({ faults: [...(await plugins.check(name, body))] }),
  );

  api.get('/v1/commands', { schema: { tags: ['plugins'], summary: 'What plugins can be told to do', response: { 200: CommandsAnswer } } }, async () => ({
    commands: [...plugins.commands()],
  }));
  api.post(
    '/v1/commands/:name',
    { ...emptyBody, schema: { ...schema('Run a command; the body is its input'), body: Options, response: { 200: CommandAnswer } } },
    async (request, reply) => {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      try {
        return { result: (await plugins.run(request.params.name, request.body, gone.signal)) ?? null };
      } catch (fault) {
        if (gone.signal.aborted) return reply.hijack() as never;
        throw MienError.from(fault, 'COMMAND_FAILED');
      }
    },
  );
}
