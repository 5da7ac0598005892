/** What plugins tell of their life, checked: a plugin's process may say anything. */
import Type from 'typebox';
import Value from 'typebox/value';
import { Grant } from '../../events.ts';
import { isDeeperThan, MAX_DEPTH } from '../../nesting.ts';
import type { FromPlugin, LifeFromPlugin } from '../../plugin-messages.ts';

const Names = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 64 });
const Text = Type.String({ maxLength: 4096 });
const PluginFault = Type.Object({ code: Type.String({ maxLength: 64 }), message: Type.String(), stack: Type.Optional(Type.String()) });

const shapes = {
  loaded: Type.Object({
    description: Type.Object({
      name: Type.String({ maxLength: 64 }),
      apiVersion: Type.Number(),
      description: Type.Optional(Text),
      version: Type.Optional(Type.String({ maxLength: 64 })),
      needs: Type.Array(Grant, { maxItems: 64 }),
      wants: Type.Array(Grant, { maxItems: 64 }),
      uses: Names,
      provides: Names,
      options: Type.Object({}),
      optionsVersion: Type.Integer({ minimum: 1 }),
    }),
  }),
  faults: Type.Object({ id: Type.Integer(), faults: Type.Array(Type.String(), { maxItems: 1000 }) }),
  started: Type.Object({}),
  failed: Type.Object({ error: PluginFault }),
  stopped: Type.Object({ faults: Type.Array(Type.String(), { maxItems: 1000 }) }),
  log: Type.Object({ level: Type.Enum(['error', 'warn', 'info', 'debug', 'trace']), fields: Type.Object({}), message: Type.String() }),
} as const;

export function isLife(message: FromPlugin): message is { readonly plugin: string } & LifeFromPlugin {
  return Object.hasOwn(shapes, message.type);
}

export function isWellFormed(message: LifeFromPlugin): boolean {
  return Value.Check(shapes[message.type], message) && !isDeeperThan(MAX_DEPTH, message);
}
