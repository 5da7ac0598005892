import type { TObject } from 'typebox';
import Type from 'typebox';
import Value from 'typebox/value';
import type { PluginDefinition } from '../plugin.ts';
import { schemaFaults } from '../schema-faults.ts';

export interface CheckedOptions {
  /** `path: what was expected`, one a fault; empty when the options are good. */
  readonly faults: readonly string[];
  /** Migrated and filled with defaults. */
  readonly options: unknown;
}

/** Brings options of an older shape along, fills in defaults, checks. A migration that throws is a fault. */
export async function checkOptions(definition: PluginDefinition, given: unknown, from: number): Promise<CheckedOptions> {
  const { optionsVersion = 1, options: schema = Type.Object({}) } = definition;
  const bad = (fault: string): CheckedOptions => ({ faults: [fault], options: given });
  if (from > optionsVersion) return bad(`optionsVersion: ${from} is newer than this release of the plugin, which has ${optionsVersion}: update the plugin`);
  let options = structuredClone(given);
  if (from < optionsVersion) {
    if (!definition.migrateOptions) return bad(`optionsVersion: the plugin has ${optionsVersion} and no migrateOptions for ${from}: write the options anew`);
    try {
      options = await definition.migrateOptions(options, from);
    } catch (fault) {
      return bad(`optionsVersion: migrateOptions from ${from} to ${optionsVersion} failed: ${fault instanceof Error ? fault.message : fault}`);
    }
  }
  const filled = Value.Default(schema, options);
  const faults = schemaFaults(closed(schema) as TObject, filled);
  return { faults: faults.length > 0 ? faults : ownFaults(definition, filled), options: filled };
}

/** What the plugin itself has to say of options that its schema lets pass. */
function ownFaults(definition: PluginDefinition, options: unknown): readonly string[] {
  try {
    return definition.checkOptions?.(options as never) ?? [];
  } catch (fault) {
    return [`checkOptions failed: ${fault instanceof Error ? fault.message : fault}`];
  }
}

/** The schema as plain JSON Schema in which objects that say nothing of further properties allow none: mistyped names are found. */
export function closed(schema: object): object {
  const { properties, ...rest } = JSON.parse(JSON.stringify(schema)) as { properties?: Record<string, object>; additionalProperties?: unknown };
  if (!properties) return rest;
  const inner = Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, closed(one)]));
  return { additionalProperties: false, ...rest, properties: inner };
}
