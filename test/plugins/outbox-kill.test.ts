import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienEvent } from '../../core/src/events.ts';
import { silentLogger } from '../../core/src/log.ts';
import { DiskOutbox } from '../../core/src/plugin-runtime/outbox.ts';
import { until } from '../support/processes.ts';
import { times } from '../support/soak.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('outbox: killed');
const program = fileURLToPath(new URL('../support/keeping-process.ts', import.meta.url));

/** Runs it until so many were kept, then kills it. */
async function killedAfter(folder: string, from: number, count: number): Promise<{ kept: number[]; sent: number[] }> {
  const child = spawn(process.execPath, ['--no-warnings', program, folder, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
    if (text.split('kept').length > count) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.on('close', resolve));
  const of = (word: string): number[] => [...text.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map((match) => Number(match[1]));
  return { kept: of('kept'), sent: of('sent') };
}

test('nothing that was taken is lost by kill -9, and it goes out in order', async () => {
  using folder = new TemporaryFolder();
  const [kept, sent]: [number[], number[]] = [[], []];
  for (let run = 0; run < times(4); run++) {
    const news = await killedAfter(folder.path, (run + 1) * 1_000_000, 40 + 37 * run);
    assert.ok(news.kept.length >= 40, `${news.kept.length} kept`);
    kept.push(...news.kept);
    sent.push(...news.sent);
  }
  const box = new DiskOutbox(
    { folder: folder.path, names: ['person.left'], maxEvents: 1e6, maxBytes: 1e9 },
    async (event: MienEvent) => sent.push(Number(event.id)),
    silentLogger,
    () => {},
  );
  await box.open();
  await until('the rest is sent', 60_000, () => box.held === 0);
  await box.close();
  const arrived = new Set(sent);
  assert.equal(
    kept.filter((n) => !arrived.has(n)),
    [],
    'kept, but never sent',
  );
  const first = [...arrived];
  assert.equal(
    first,
    first.toSorted((a, b) => a - b),
    'in order',
  );
});

test.run();
