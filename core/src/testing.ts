/**
 * `@mien/core/testing`: tests of a plugin without a camera, in any test runner. The plugin runs in the test's own process, through the code that
 * runs it on a device: its context, grants, events, commands; people are virtual and so is their time. Timers of the plugin's own, and `everyMs` of
 * onPeople, run in real time.
 *
 *     await using bench = await testPlugin(greeter, { options: { greeting: 'Hello' }, services: { speech: { say: async () => {} } } });
 *     await bench.play({ people: [{ id: 'anna', age: 34, leaveS: 15 }] });
 *     assert.deepEqual(bench.calls('speech'), [{ method: 'say', args: ['Hello!'] }]);
 */
import type { Static, TObject } from 'typebox';
import type { Grant } from './events.ts';
import { type ConfigInput, checkConfig } from './load-config.ts';
import type { PluginDefinition } from './plugin.ts';
import type { FakeServices } from './testing/fake-services.ts';
import { PluginBench } from './testing/plugin-bench.ts';
import type { TestBench } from './testing/test-bench.ts';

export type { FakeServices, ServiceCall } from './testing/fake-services.ts';
export {
  attentionEnded,
  attentionStarted,
  cameraLost,
  cameraRestored,
  emotionChanged,
  type Guest,
  personAppeared,
  personLeft,
  personUpdated,
  type Update,
} from './testing/sample-events.ts';
export type { BenchFault, LogLine, TestBench } from './testing/test-bench.ts';

export interface TestOptions<O extends TObject> {
  /** As they would stand in mien.yaml; defaults fill the rest. */
  readonly options?: Partial<Static<O>>;
  /** All that it needs and wants unless said otherwise. */
  readonly grant?: readonly Grant[];
  /** Stand-ins for the services that it uses, and for those of Mien itself (`people`, `models`, `cameras`) where a test wants other answers. */
  readonly services?: FakeServices;
  /** Settings of Mien: zones, rules of presence. */
  readonly config?: ConfigInput;
  /** Where its store and outboxes lie, to be found again by a second bench; a temporary folder unless said otherwise. */
  readonly storeFolder?: string;
  /** Real time for whatever it does: to start, to handle an event, to stop. 10 s unless said otherwise. */
  readonly withinMs?: number;
}

const WITHIN_MS = 10_000;

/**
 * Starts a plugin as Mien would. Dispose of the bench to stop it: `await using bench = await testPlugin(plugin)`.
 * Errors: PLUGIN_INVALID, CONFIG_INVALID with every fault of the options, GRANT_MISSING, SERVICE_UNAVAILABLE, what its setup throws.
 */
export async function testPlugin<N extends readonly Grant[], O extends TObject, W extends readonly Grant[]>(
  plugin: PluginDefinition<N, O, W>,
  { options = {}, grant, services = {}, config = {}, storeFolder, withinMs = WITHIN_MS }: TestOptions<O> = {},
): Promise<TestBench> {
  const settings = { options, grant, services, config: checkConfig(config, 'config of testPlugin'), storeFolder, withinMs };
  const bench = new PluginBench(plugin as unknown as PluginDefinition, settings);
  await bench.start();
  return bench;
}
