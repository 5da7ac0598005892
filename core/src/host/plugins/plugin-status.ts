/** A plugin as the API, the console and the command line show it. */
import Type from 'typebox';
import { Grant } from '../../events.ts';

const strict = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });

export const PluginState = Type.Enum(['available', 'disabled', 'blocked', 'starting', 'running', 'waiting', 'stopping', 'stopped', 'quarantined'], {
  description:
    'available: found, not in the configuration; blocked: a grant, a service or a good option is missing; waiting: for the next try after a crash; quarantined: it crashed too often and is left alone',
});

export const PluginStatus = Type.Object(
  {
    name: Type.String(),
    from: Type.String({ description: 'file, folder or package' }),
    version: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    state: PluginState,
    reason: Type.Optional(Type.String({ description: 'why it does not run, and what to do' })),
    isolation: Type.Enum(['own', 'shared', 'host']),
    pid: Type.Optional(Type.Integer()),
    needs: Type.Array(Grant),
    grant: Type.Array(Grant),
    uses: Type.Array(Type.String()),
    provides: Type.Array(Type.String()),
    commands: Type.Array(Type.String()),
    options: Type.Unknown({ description: 'in use: with defaults; strings marked secret are masked' }),
    optionsSchema: Type.Unknown({ description: 'JSON Schema, for a form' }),
    lastGood: Type.Boolean({ description: 'runs with its last good options, since the present ones failed' }),
    restarts: Count,
    crashes: Type.Array(Type.Object({ atWallMs: Type.Number(), reason: Type.String() }, strict), { description: 'the newest five' }),
    startedAtWallMs: Type.Optional(Type.Number()),
    rssMb: Type.Optional(Type.Number({ description: 'of its process' })),
    events: Type.Object(
      { delivered: Count, dropped: Count, faults: Count, vetoed: Count, late: Count },
      { ...strict, description: 'late: events that went out without its beforeEmit, which had not answered within 20 ms' },
    ),
    outbox: Type.Optional(Type.Object({ held: Count, bytes: Count, dropped: Count, sent: Count }, strict)),
  },
  strict,
);
export type PluginStatus = Type.Static<typeof PluginStatus>;
export type PluginState = Type.Static<typeof PluginState>;

export const CommandInfo = Type.Object({ name: Type.String(), plugin: Type.String(), input: Type.Unknown({ description: 'JSON Schema' }) }, strict);
export type CommandInfo = Type.Static<typeof CommandInfo>;
