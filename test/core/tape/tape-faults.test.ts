/** Tapes that are torn, damaged, of another version, or none at all. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MienError } from '../../../core/src/errors.ts';
import { rejectsWith } from '../../support/errors.ts';
import { face, observation } from '../../support/observations.ts';
import { times } from '../../support/soak.ts';
import { blockStarts, recordTape, replayed, tapeLines, writeTape } from '../../support/tapes.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const faults = suite('faulty tapes');
const folder = new TemporaryFolder();
const path = join(folder.path, 'whole.mientape');
let bytes = Buffer.alloc(0);
let told: string[] = [];
let lines: string[] = [];

faults.before(async () => {
  // Long enough for several blocks.
  told = await recordTape(path, ({ people, hand, take }) => {
    for (let t = 33; t < 20_000; t += 33) {
      hand.mono += 33;
      take(people.observe(observation(t, t % 9000 < 5000 ? [face(1 + Math.floor(t / 9000), { x: 0.3 + t / 1e5 })] : [])));
      take(people.tick());
    }
  });
  bytes = readFileSync(path);
  lines = tapeLines(path);
});
faults.after(() => folder[Symbol.dispose]());

const from = (part: Buffer) => Readable.from([part]);

faults('a tape cut anywhere after its first block is played up to its last whole block', async () => {
  const starts = blockStarts(bytes);
  assert.ok(starts.length >= 4, `${starts.length} blocks`);
  let before = 0;
  for (const [i, start] of starts.entries()) {
    if (i === 0) continue;
    for (const at of [start - 1, start, start + 1, start + 11, start + 40]) {
      if (at >= bytes.length) continue;
      if (at < (starts[1] as number)) continue;
      const { told: part, result } = await replayed(from(bytes.subarray(0, at)));
      assert.is(result.ending, 'torn');
      assert.equal(part, told.slice(0, part.length));
      assert.ok(part.length >= before);
      before = part.length;
    }
  }
});

faults('zeros after the last whole block are what a power cut leaves: torn', async () => {
  const [, second] = blockStarts(bytes);
  const { result } = await replayed(from(Buffer.concat([bytes.subarray(0, second), Buffer.alloc(4096)])));
  assert.is(result.ending, 'torn');
});

faults('how the bytes come in pieces does not matter', async () => {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 777) }, (_, i) => bytes.subarray(i * 777, i * 777 + 777));
  assert.equal((await replayed(Readable.from(pieces))).told, told);
});

faults('a byte that was changed is never played: named, or a clean end before it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ change;
      const part: string[] = [];
      try {
        const { told: all, result } = await replayed(from(damaged));
        part.push(...all);
        // A length that reaches past the end looks like a tape that was torn; some bits of zstd mean nothing.
        if (result.ending === 'whole') assert.is(all.length, told.length);
      } catch (fault) {
        assert.instance(fault, MienError);
        assert.is((fault as MienError).code, 'TAPE_INVALID');
      }
      assert.equal(part, told.slice(0, part.length));
    }),
    { numRuns: times(100) },
  );
});

const cases: ReadonlyArray<readonly [what: string, bytes: () => Buffer, says: RegExp]> = [
  ['an empty file', () => Buffer.alloc(0), /not a whole tape: it ends before its header \(0 bytes\)/],
  ['a text', () => Buffer.from('hello, this is a diary\n'), /not a tape: expected a \.mientape .* got a file that begins with bytes 68 65 6c 6c/],
  ['zeros only', () => Buffer.alloc(100), /not a tape/],
  ['a tape cut in its header', () => bytes.subarray(0, 60), /not a whole tape/],
];
for (const [what, made, says] of cases) {
  faults(`${what} is no tape, and says so`, async () => assert.match((await rejectsWith('TAPE_INVALID', () => replayed(from(made())))).message, says));
}

faults('a file that is not there, and a folder, are named', async () => {
  assert.match((await rejectsWith('INPUT_NOT_FOUND', () => replayed(join(folder.path, 'nothing')))).message, /nothing/);
  assert.match((await rejectsWith('INPUT_NOT_FOUND', () => replayed(folder.path))).message, /EISDIR/);
});

const header = (change: object): string => JSON.stringify({ ...JSON.parse(lines[0] as string), ...change });
const deep = `${'['.repeat(1e5)}${']'.repeat(1e5)}`;
const tick = '{"at":[1,2],"tick":true}';
const texts: ReadonlyArray<readonly [what: string, lines: () => string[], says: RegExp]> = [
  ['a newer version', () => [header({ mientape: 2 }), tick], /tape of version 2, this Mien reads version 1; a newer Mien wrote it/],
  ['a header of something else', () => ['{"hello":1}', tick], /written\.mientape: the header is not that of a tape: .*mientape/],
  ['a header without a seed', () => [header({ idSeed: undefined }), tick], /idSeed: missing/],
  ['settings that cannot be', () => [header({ config: { presence: { graceMs: -1 } } }), tick], /presence\.graceMs/],
  ['a line that is no JSON', () => [header({}), tick, '{oh'], /record 2: expected a line of JSON/],
  ['a record of no kind', () => [header({}), '{"at":[1,2],"dance":true}'], /record 1: expected one of observation, notice, tick, event, end/],
  ['a record that is no object', () => [header({}), 'null'], /record 1: expected one of/],
  ['a time that is none', () => [header({}), '{"at":["now",2],"tick":true}'], /record 1 is no tick: at\[0\]/],
  [
    'an observation without faces',
    () => [header({}), (lines[1] as string).replace(/"faces":\[.*?\],"ended"/, '"ended"')],
    /record 1 is no observation: observation\.faces: missing/,
  ],
  ['a wall time beyond the calendar', () => [header({}), (lines[1] as string).replace(/"capturedWallMs":\d+/, '"capturedWallMs":9e15')], /capturedWallMs/],
  ['fewer records than it should have', () => [header({}), tick, '{"at":[1,2],"end":{"records":7}}'], /expected 7 records as its end says, got 1/],
  ['a header nested without end', () => [`{"mientape":1,"config":${deep}}`, tick], /written\.mientape: the header: expected at most 64 levels/],
  ['a record nested without end', () => [header({}), `{"at":[1,2],"event":${deep}}`], /record 1: expected at most 64 levels/],
  ['something after its end', () => [header({}), '{"at":[1,2],"end":{"records":0}}', tick], /record 1 stands after the end/],
];
for (const [what, made, says] of texts) {
  faults(`${what} is refused, with the place`, async () => {
    const path = writeTape(folder.path, made());
    assert.match((await rejectsWith('TAPE_INVALID', () => replayed(path))).message, says);
  });
}

faults('what no sight would say neither hangs nor crashes people', async () => {
  let played = 0;
  const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer());
  const someFace = fc.record({
    track: fc.nat(5),
    box: fc.tuple(value, value, value, value),
    score: value,
    quality: fc.record({ score: value, facePx: value, yawDeg: value, pitchDeg: value, rollDeg: value }),
    sample: fc.record({ age: fc.record({ years: value, sd: value }), gender: fc.tuple(value, value), expression: fc.array(value, { maxLength: 4 }) }),
  });
  const some = fc.record({ capturedMonoMs: fc.double({ min: -1e13, max: 1e13, noNaN: true }), faces: fc.array(someFace, { maxLength: 4 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(some, { minLength: 1, maxLength: 30 }), async (frames) => {
      const records = frames.map((frame, i) => JSON.stringify({ at: [i * 33, 1], observation: { ...observation(i * 33, []), ...frame } }));
      await replayed(writeTape(folder.path, [header({}), ...records])).then(
        () => {
          played += 1;
        },
        (fault) => assert.is(fault.code, 'TAPE_INVALID', String(fault.stack)),
      );
    }),
    { numRuns: times(50) },
  );
  assert.ok(played > 0);
});

faults.run();
