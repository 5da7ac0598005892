/** What the README says to the robot's side: its vectors, and its Python against this plugin's frames. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createBinaryFormat } from '../../../../plugins/serial-robot/binary-format.ts';
import { encodeFrame, FrameDecoder } from '../../../../plugins/serial-robot/frame.ts';
import type { Message } from '../../../../plugins/serial-robot/messages.ts';
import { fakePerson, known } from '../../../support/fake-people.ts';
import { findProgram } from '../../../support/programs.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

const readme = readFileSync(new URL('../../../../plugins/serial-robot/README.md', import.meta.url), 'utf8');
const vectors = [...readme.matchAll(/`(aa55[0-9a-f]+)`/g)].map(([, one]) => one as string);
const binary = createBinaryFormat();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const attention = { state: 'attending', score: 0.9, currentMs: 0, totalMs: 0, glances: 0 } as const;
const person = fakePerson('p-k7f3q', { ...known, attention, engagement: 'engaged' });
const told: Array<[Message, number]> = [
  [{ kind: 'heartbeat' }, 0],
  [{ kind: 'stop', reason: 'robot-silent' }, 7],
  [{ kind: 'event', name: 'person.updated', data: { person, settled: ['age', 'gender'] } }, 3],
];

test('the vectors are what this plugin sends and understands', () => {
  assert.equal(
    vectors.slice(0, 3),
    told.map(([message, sequence]) => hex(binary.encode(message, sequence))),
  );
  assert.equal(vectors.slice(3), [
    hex(encodeFrame({ type: 0x81, sequence: 7, payload: new Uint8Array(0) })),
    hex(encodeFrame({ type: 0x83, sequence: 4, payload: Buffer.from('WHO?') })),
  ]);
});

test('the Python of the robot finds the frames in garbage, acknowledges, and does a repeat once', async () => {
  const python = findProgram(['python3'], ['--version']);
  if (!python) return console.log('SKIPPED: python3 is missing (apt install python3)');
  using folder = new TemporaryFolder();
  const code = /```python\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const [beat, stop, seen] = vectors as [string, string, string];
  const damaged = `${seen.slice(0, -2)}00`;
  const stream = ['00aa', beat, 'aa5501', stop, damaged, seen, seen, 'aa55'].join('');
  const play = `
class Uart:
    def __init__(self, given): self.given, self.written = given, b""
    def read(self):
        part, self.given = self.given[:7], self.given[7:]
        return part or None
    def write(self, data): self.written += data
uart = Uart(bytes.fromhex("${stream}"))
robot = Mien(uart, lambda kind, payload: print("told", kind, payload.hex()), lambda: print("stop"), 10 ** 9)
while uart.given: robot.poll()
print("written", uart.written.hex())
robot.lost_ms = -1
robot.poll()
`;
  const path = join(folder.path, 'robot.py');
  writeFileSync(path, code + play);
  const child = spawn(python, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ack = (sequence: number): string => hex(encodeFrame({ type: 0x81, sequence, payload: new Uint8Array(0) }));
  const payload = hex(new FrameDecoder().push(Buffer.from(seen, 'hex'), 0)[0]?.payload ?? new Uint8Array(0));
  assert.equal((await text(child.stdout)).trim().split('\n'), ['stop', `told 16 ${payload}`, `written ${ack(7)}${ack(3)}${ack(3)}`, 'stop']);
});

test.run();
