/** Settings that change faster than plugins start and stop: in the end each plugin is as it was last asked for, and nothing is left over. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MienError } from '../../core/src/errors.ts';
import { checkConfig } from '../../core/src/load-config.ts';
import { openHost, patienceMs, TemporaryFolder, writePlugin } from '../support/plugin-host.ts';
import { childrenOf, until } from '../support/processes.ts';
import { times } from '../support/soak.ts';

const changes = suite('changes of plugins');

const names = ['alpha', 'beta', 'gamma'] as const;
const text = `options: Type.Object({ level: Type.Integer({ default: 1 }) }), async setup(context, { level }) {
  await new Promise((resolve) => setTimeout(resolve, level));
  if (level === 9) throw new Error('nine');
  context.command(context.name + '.level', Type.Object({}), () => level);
  context.defer(() => new Promise((resolve) => setTimeout(resolve, level)));
}`;

const level = fc.constantFrom(1, 3, 5, 9);
const name = fc.constantFrom(...names);
const step = fc.oneof(
  fc.record({ kind: fc.constant('apply' as const), levels: fc.dictionary(name, level, { maxKeys: 3 }) }),
  fc.record({ kind: fc.constant('restart' as const), name }),
  fc.record({ kind: fc.constant('enable' as const), name, enabled: fc.boolean() }),
  fc.record({ kind: fc.constant('configure' as const), name, level }),
  fc.record({ kind: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 8 }) }),
);

async function follow(
  isolation: 'host' | 'own',
  steps: fc.Arbitrary<Array<typeof step extends fc.Arbitrary<infer S> ? S : never>>,
  numRuns: number,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(steps, fc.dictionary(name, fc.constantFrom(1, 3, 5), { maxKeys: 3 }), async (asked, last) => {
      using folder = new TemporaryFolder();
      const from = writePlugin(folder.path, 'changing', text);
      const settings = (levels: Record<string, number>) =>
        checkConfig({ plugins: Object.fromEntries(Object.entries(levels).map(([one, given]) => [one, { from, isolation, options: { level: given } }])) })
          .plugins;
      const test = await openHost({ stateFolder: folder.path, plugins: settings({ alpha: 1, beta: 3 }) });
      const { host } = test;
      // What names a plugin that is not there at the moment is refused, and nothing else is.
      const refused = (fault: unknown): void => {
        if (!(fault instanceof MienError && ['PLUGIN_NOT_FOUND', 'PLUGIN_INVALID'].includes(fault.code))) throw fault;
      };
      const work: Promise<unknown>[] = [host.start()];
      for (const one of asked) {
        const doing = async (): Promise<unknown> => {
          if (one.kind === 'apply') return host.apply(settings(one.levels));
          if (one.kind === 'restart') return host.restart(one.name);
          if (one.kind === 'enable') return host.configure(one.name, { enabled: one.enabled });
          return one.kind === 'configure' ? host.configure(one.name, { options: { level: one.level } }) : undefined;
        };
        if (one.kind === 'pause') await new Promise((resolve) => setTimeout(resolve, one.ms));
        else work.push(doing().catch(refused));
      }
      // Not waited for: what is asked last counts, whatever is still under way.
      await Promise.all([...work, host.apply(settings(last))]);
      assert.equal(
        host
          .list()
          .map((status) => `${status.name} ${status.state}`)
          .sort(),
        Object.keys(last)
          .map((one) => `${one} running`)
          .sort(),
      );
      for (const [one, given] of Object.entries(last)) assert.is(await host.run(`${one}.level`, {}), given);
      assert.is(host.commands().length, Object.keys(last).length);
      await host[Symbol.asyncDispose]();
      await until('every process has gone', patienceMs, () => childrenOf(process.pid).length === 0);
    }),
    { numRuns },
  );
}

changes('property: in the host, as fast as can be', () => follow('host', fc.array(step, { maxLength: 12 }), times(30)));
changes('property: in processes of their own', () => follow('own', fc.array(step, { maxLength: 4 }), times(3)));

changes.run();
