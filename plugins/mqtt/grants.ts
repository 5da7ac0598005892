/** It passes on what it may see, and no more. */
import type { EventName, Grant, PluginContext } from '@mien/core/plugin';

export const needs = ['person.presence'] as const;
export const wants = ['person.position', 'person.quality', 'person.age', 'person.gender', 'person.expression', 'person.attention', 'device.health'] as const;
export type Context = PluginContext<(typeof needs)[number], (typeof wants)[number]>;

export type Log = Context['log'];

export const allEvents = [
  'person.appeared',
  'person.updated',
  'person.left',
  'emotion.changed',
  'attention.started',
  'attention.ended',
  'model.selftest',
  'backend.degraded',
  'backend.recovered',
  'camera.lost',
  'camera.restored',
  'plugin.failed',
  'plugin.quarantined',
] as const satisfies readonly EventName[];

/** `grants` of the context, as a list that can be asked for any. */
export function holds(context: Pick<Context, 'grants'>, grant: Grant): boolean {
  return (context.grants as readonly Grant[]).includes(grant);
}
