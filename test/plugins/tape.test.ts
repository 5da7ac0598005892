/** A tape of a host whose plugin fails: its events take numbers of the same sequence, and are told again in their places. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkConfig } from '../../core/src/load-config.ts';
import { silentLogger } from '../../core/src/log.ts';
import { createMien } from '../../core/src/mien.ts';
import { newSession } from '../../core/src/session.ts';
import { tapeHeader } from '../../core/src/tape/tape-format.ts';
import { openTapeRecorder } from '../../core/src/tape/tape-recorder.ts';
import { createFakeSight } from '../support/fake-sight.ts';
import { face, observation } from '../support/observations.ts';
import { until } from '../support/processes.ts';
import { replayed } from '../support/tapes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const tapes = suite('tapes of a host with plugins');

tapes('events about a plugin that fails are told again, byte for byte', async () => {
  using folder = new TemporaryFolder();
  const from = join(folder.path, 'clumsy.ts');
  writeFileSync(
    from,
    `import { definePlugin } from '@mien/core/plugin';
export default definePlugin({
  name: 'clumsy',
  apiVersion: 1,
  needs: ['person.presence'],
  setup: (context) => void context.on('person.appeared', () => setTimeout(() => { throw new Error('fell over'); })),
});
`,
  );
  const config = checkConfig({ stateFolder: join(folder.path, 'state'), plugins: { clumsy: { from, grant: ['person.presence'] } } });
  const session = newSession();
  const sight = createFakeSight();
  const told: string[] = [];
  const path = join(folder.path, 'clumsy.mientape');
  {
    await using recorder = await openTapeRecorder(path, tapeHeader(config, session, false), { logger: silentLogger, clock: session.clock });
    await using mien = await createMien(config, {
      sight,
      session,
      onInput: recorder.onInput,
      api: false,
      onBus: (bus) => void bus.subscribe({}, (event) => void told.push(JSON.stringify(event))),
    });
    await until('the plugin runs', 60_000, () => mien.plugins.status('clumsy').state === 'running');
    const show = (track: number): void => {
      const now = session.clock.monoMs();
      for (let t = 0; t < 600; t += 33) sight.observe(observation(now + t, [face(track)]));
    };
    show(1);
    await until('its failure is told', 60_000, () => told.some((line) => line.includes('plugin.failed')));
    sight.observe(observation(session.clock.monoMs() + 1000, [], { ended: [{ track: 1, reason: 'exited' }] }));
    show(2);
  }
  const after = told.slice(told.findIndex((line) => line.includes('plugin.failed')) + 1);
  assert.ok(after.length > 0, 'people went on');
  assert.equal((await replayed(path)).told, told);
});

tapes.run();
