/** /v1/simulate: virtual people in a running Mien, for trying out what reacts to people. */
import Type from 'typebox';
import { MienError } from '../errors.ts';
import type { Simulator, SimulatorStatus } from '../simulate/controller.ts';
import { LiveChange, Scenario } from '../simulate/scenario.ts';
import type { Api, ApiSources } from './api.ts';

const bodyLimit = 1024 * 1024;

const SimulatedPerson = Type.Object({
  id: Type.String(),
  live: Type.Boolean({ description: 'added by hand' }),
  distanceM: Type.Number(),
  bearingDeg: Type.Number(),
  yawDeg: Type.Number(),
  pitchDeg: Type.Number(),
  hidden: Type.Boolean(),
  age: Type.Number(),
  gender: Type.Enum(['female', 'male']),
  expression: Type.Enum(['negative', 'neutral', 'positive']),
  light: Type.Number(),
  sharpness: Type.Number(),
});

export const SimulateAnswer = Type.Unsafe<SimulatorStatus>(
  Type.Object({
    active: Type.Boolean(),
    camera: Type.String({ description: 'their source in events' }),
    scenario: Type.Optional(Type.Object({ name: Type.String(), loop: Type.Boolean(), lengthS: Type.Number(), atS: Type.Number() })),
    width: Type.Integer(),
    height: Type.Integer(),
    framesPerSecond: Type.Number(),
    processed: Type.Integer(),
    dropped: Type.Integer(),
    people: Type.Array(SimulatedPerson),
  }),
);

export function addSimulateRoutes(api: Api, { simulator }: ApiSources): void {
  const schema = (summary: string, more: object = {}) => ({ tags: ['simulate'], summary, response: { 200: SimulateAnswer }, ...more });
  // What is written is checked by the scenario's own rules, which say everything that is wrong at once.
  const unchecked = { bodyLimit, validatorCompiler: () => () => true } as const;
  const one = { params: Type.Object({ id: Type.String() }) };
  const url = '/v1/simulate/people/:id';

  api.get('/v1/simulate', { schema: schema('Which virtual people are here') }, () => demand(simulator).status());
  api.post(
    '/v1/simulate',
    {
      ...unchecked,
      schema: schema('Let virtual people come', {
        description:
          'A scenario is played in place of what plays. A body with `people` alone adds these to who is there: they stay until they leave or are ' +
          'removed. Their events have `origin.simulated`.',
        body: Scenario,
      }),
    },
    ({ body }) => demand(simulator).begin(body),
  );
  api.delete('/v1/simulate', { schema: schema('End all virtual people') }, () => demand(simulator).stop());
  for (const method of ['PATCH', 'POST'] as const) {
    api.route<{ Params: { id: string } }>({
      method,
      url,
      ...unchecked,
      schema: schema('Change a virtual person; what is not named stays', { ...one, body: LiveChange }),
      handler: ({ params: { id }, body }) => demand(simulator).change(id, body),
    });
  }
  api.delete<{ Params: { id: string } }>(url, { schema: schema('Take a virtual person away', one) }, ({ params: { id } }) => demand(simulator).remove(id));
}

function demand(simulator: Simulator | undefined): Simulator {
  if (simulator) return simulator;
  throw new MienError('SERVICE_UNAVAILABLE', 'this Mien has no virtual people');
}
