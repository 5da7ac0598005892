/** A plugin as the API, the console and the command line show it. */
import Type from 'typebox';
import { Grant } from '../../events.ts';

const strict = { additionalProperties: false } as const;
const Count = (description: string) => Type.Integer({ minimum: 0, description });

export const PluginState = Type.Enum(['available', 'disabled', 'blocked', 'starting', 'running', 'waiting', 'stopping', 'stopped', 'quarantined'], {
  description:
    'available: found, not in the configuration; blocked: a grant, a service or a good option is missing; waiting: for the next try after a crash; quarantined: it crashed too often and is left alone',
});

export const PluginStatus = Type.Object(
  {
    name: Type.String({ description: 'in the configuration' }),
    from: Type.String({ description: 'file, folder or package' }),
    version: Type.Optional(Type.String({ description: 'of its package' })),
    description: Type.Optional(Type.String({ description: 'what it is for, in its own words' })),
    state: PluginState,
    reason: Type.Optional(Type.String({ description: 'why it does not run, and what to do' })),
    isolation: Type.Enum(['own', 'shared', 'host'], { description: 'own: a process of its own; shared: one with others; host: in Mien itself' }),
    pid: Type.Optional(Type.Integer({ description: 'of its process' })),
    needs: Type.Array(Grant, { description: 'what it must see and do: without, it is blocked' }),
    wants: Type.Array(Grant, { description: 'what it can use beside that, where it is granted' }),
    grant: Type.Array(Grant, { description: 'what it was granted' }),
    uses: Type.Array(Type.String(), { description: 'services of other plugins that it needs' }),
    provides: Type.Array(Type.String(), { description: 'services that it offers' }),
    commands: Type.Array(Type.String(), { description: 'that it can be told to run; none while it does not run' }),
    options: Type.Unknown({ description: 'in use: with defaults; strings marked secret are masked' }),
    optionsSchema: Type.Unknown({ description: 'JSON Schema, for a form' }),
    lastGood: Type.Boolean({ description: 'runs with its last good options, since the present ones failed' }),
    restarts: Count('starts after a crash, since Mien was started'),
    crashes: Type.Array(
      Type.Object({ atWallMs: Type.Number({ description: 'since the epoch' }), reason: Type.String({ description: 'how it ended' }) }, strict),
      { description: 'the newest five' },
    ),
    startedAtWallMs: Type.Optional(Type.Number({ description: 'since the epoch; while it runs' })),
    rssMb: Type.Optional(Type.Number({ description: 'of its process' })),
    events: Type.Object(
      {
        delivered: Count('handed to it'),
        dropped: Count('lost because it was too slow'),
        faults: Count('handlers and commands that threw'),
        vetoed: Count('held back by its beforeEmit'),
        late: Count('gone out without its beforeEmit, which had not answered within 20 ms'),
      },
      { ...strict, description: 'counts since Mien was started' },
    ),
    outbox: Type.Optional(
      Type.Object(
        {
          held: Count('events that wait on disk'),
          bytes: Count('of these events on disk'),
          dropped: Count('lost because the outbox was full'),
          sent: Count('sent on: `send` has resolved'),
        },
        { ...strict, description: 'all outboxes of it together' },
      ),
    ),
  },
  strict,
);
export type PluginStatus = Type.Static<typeof PluginStatus>;
export type PluginState = Type.Static<typeof PluginState>;

export const CommandInfo = Type.Object(
  {
    name: Type.String({ description: 'as it is called' }),
    plugin: Type.String({ description: 'who offers it' }),
    input: Type.Unknown({ description: 'JSON Schema' }),
    openTo: Type.Enum(['everybody', 'api'], { description: 'api: not to other plugins' }),
  },
  strict,
);
export type CommandInfo = Type.Static<typeof CommandInfo>;
