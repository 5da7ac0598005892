/** Run as a process that is killed in the midst of it: keeps events in an outbox as fast as they are taken, and prints the number of each that was. */
import { writeSync } from 'node:fs';
import type { MienEvent } from '../../core/src/events.ts';
import { silentLogger } from '../../core/src/log.ts';
import { DiskOutbox } from '../../core/src/plugin-runtime/outbox.ts';

const [folder = '', from = '1'] = process.argv.slice(2);
const print = (text: string): void => void writeSync(1, `${text}\n`);

const box = new DiskOutbox(
  { folder, names: ['person.left'], maxEvents: 1e6, maxBytes: 1e9 },
  async ({ id }) => {
    // Slower than they come, so that it is killed with events waiting.
    await new Promise((resolve) => setTimeout(resolve, 3));
    print(`sent ${id}`);
  },
  silentLogger,
  () => {},
);
await box.open();
for (let n = Number(from); ; n += 8) {
  const eight = Array.from({ length: 8 }, (_, i) => n + i);
  await Promise.all(eight.map((one) => box.keep({ id: String(one), pad: 'x'.repeat(one % 3000) } as unknown as MienEvent).then(() => print(`kept ${one}`))));
}
