// Figures of the speech plugin, in a host with the real espeak-ng: from person.appeared to the first bytes at the player with a cached phrase, and from
// attention.ended to a player that is gone.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attentionEnded, attentionStarted, personAppeared, personLeft } from '../../core/src/testing/sample-events.ts';
import { openHost, patienceMs, TemporaryFolder, untilStatus } from '../../test/support/plugin-host.ts';
import { isRunning, until } from '../../test/support/processes.ts';
import { requireEspeak } from '../../test/support/speech.ts';

const ROUNDS = 30;
requireEspeak();
using folder = new TemporaryFolder();
const log = join(folder.path, 'log');
// Takes the first byte, writes down the time in nanoseconds and who it is, and "plays" for a minute.
const script = 'head -c 1 > /dev/null; echo "$(date +%s%N) $$" >> "$0"; cat > /dev/null; sleep 60';
const options = {
  greetings: [
    { on: 'attention.started', text: 'Hello, can I help you?' },
    { on: 'person.appeared', text: 'Welcome!' },
  ],
  ...{ player: 'command', playerCommand: 'sh', playerArgs: ['-c', script, log], whenTurnedAway: 'stop' },
};
const grant = ['person.presence', 'person.attention'];
await using test = await openHost({ stateFolder: folder.path, plugins: { speech: { from: '@mien/plugins/speech', grant, options } } });
await test.host.start();
await untilStatus(test.host, 'speech', ({ state }) => state === 'running');
const status = async () => (await test.host.run('speech.status', {})) as { speaking: boolean; saying?: object; cached: { phrases: number } };
await until('both phrases are prepared', patienceMs, async () => (await status()).cached.phrases === 2);

const played = () => {
  try {
    return readFileSync(log, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
};
const sound: number[] = [];
const silence: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const id = `p-r${String(round).padStart(4, '0')}`;
  const appearedWallMs = performance.timeOrigin + performance.now();
  test.host.publish(personAppeared({ id }));
  await until('the first byte', patienceMs, () => played().length > round);
  const [atNs = '', pid = ''] = played()[round]?.split(' ') ?? [];
  sound.push(Number(BigInt(atNs) / 1000n) / 1000 - appearedWallMs);
  test.host.publish(attentionStarted({ id, attending: true }));
  await test.host.run('speech.status', {});
  const endedMs = performance.now();
  test.host.publish(attentionEnded({ id }));
  while (isRunning(Number(pid))) await new Promise((resolve) => setTimeout(resolve, 1));
  silence.push(performance.now() - endedMs);
  test.host.publish(personLeft({ id }));
  await until('it is still', patienceMs, async () => (await status()).saying === undefined);
}
tell('speech: person.appeared to the first bytes at the player, cached phrase', sound, 300);
tell('speech: attention.ended to silence', silence, 200);

function tell(name: string, values: readonly number[], budget: number): void {
  const sorted = values.toSorted((a, b) => a - b);
  const rounded = (value: number) => Math.round(value * 10) / 10;
  const most = sorted.at(-1) ?? 0;
  console.log(
    JSON.stringify({
      name: `${name}, median of ${sorted.length}`,
      value: rounded(sorted[sorted.length >> 1] ?? 0),
      unit: 'ms',
      budget,
      ok: (sorted[sorted.length >> 1] ?? 0) <= budget,
    }),
  );
  console.log(JSON.stringify({ name: `${name}, slowest`, value: rounded(most), unit: 'ms', budget, ok: most <= budget }));
}
