/** What people read in the reference, in forms and in the API's description says what it means. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CommandInfo, PluginStatus } from '../../core/src/host/plugins/plugin-status.ts';
import { Scenario } from '../../core/src/simulate/scenario.ts';

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Paths of values without a description; objects are described by what is in them. */
function silent(schema: Schema, path = ''): string[] {
  const inner = schema.properties ?? schema.items?.properties;
  const own = schema.description === undefined && !inner && path !== '' ? [path] : [];
  return [...own, ...Object.entries(inner ?? {}).flatMap(([key, one]) => silent(one, path ? `${path}.${key}` : key))];
}

const described = suite('descriptions of fields');

described('a plugin in the API', () => {
  assert.equal(silent(PluginStatus as Schema), []);
  assert.equal(silent(CommandInfo as Schema), []);
});

described('a scenario', () => {
  assert.equal(silent(Scenario as Schema), []);
});

described.run();
