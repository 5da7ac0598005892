/** Records what a test does to people on a real tape, and plays it again. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type { Config } from '../../core/src/config.ts';
import { createEnveloper, type Enveloper } from '../../core/src/enveloper.ts';
import type { MienEvent } from '../../core/src/events.ts';
import { silentLogger } from '../../core/src/log.ts';
import { createPeople, type People } from '../../core/src/people/people.ts';
import { createSteps, steppedEnveloper, steppedPeople } from '../../core/src/people/steps.ts';
import { type Replayed, type ReplayOptions, replayTape } from '../../core/src/tape/replay-tape.ts';
import { encodeBlock } from '../../core/src/tape/tape-blocks.ts';
import { tapeHeader } from '../../core/src/tape/tape-format.ts';
import { openTapeRecorder } from '../../core/src/tape/tape-recorder.ts';
import { testConfig } from './observations.ts';

/** The host's clock of a recording: a test moves it. */
export interface Hand {
  mono: number;
  readonly wallStart: number;
}

export interface RecordingHost {
  readonly people: People;
  readonly enveloper: Enveloper;
  readonly hand: Hand;
  take(events: readonly MienEvent[]): void;
}

/** Records `play` on the tape at `path`; gives the events, one JSON line each. */
export async function recordTape(path: string, play: (host: RecordingHost) => void, config: Config = testConfig()): Promise<string[]> {
  const hand: Hand = { mono: 5000.125, wallStart: Date.UTC(2026, 5, 1, 12) };
  // Each look at the clock gives another time, as the host's does.
  const clock = { monoMs: () => (hand.mono += 0.001), wallMs: () => hand.wallStart + Math.floor(hand.mono) };
  const session = { bootId: 'boot-of-tape', idSeed: 'seed-of-tape', clock };
  const told: string[] = [];
  await using recorder = await openTapeRecorder(path, tapeHeader(config, session, true), { logger: silentLogger, clock, force: true });
  const steps = createSteps(session, recorder.onInput);
  const enveloper = steppedEnveloper(createEnveloper(config.device, { bootId: session.bootId, monoMs: steps.clock.monoMs }), steps);
  const people = steppedPeople(createPeople(config, enveloper, { ...steps.clock, idSeed: session.idSeed }), steps);
  play({ people, enveloper, hand, take: (events) => void told.push(...events.map((event) => JSON.stringify(event))) });
  return told;
}

export async function replayed(source: string | AsyncIterable<Uint8Array>, options: ReplayOptions = {}): Promise<{ told: string[]; result: Replayed }> {
  const told: string[] = [];
  const result = await replayTape(source, (event) => void told.push(JSON.stringify(event)), options);
  return { told, result };
}

/** Where each block of a tape begins, and its end. */
export function blockStarts(bytes: Buffer): number[] {
  const starts = [0];
  for (let at = 0; at < bytes.length; ) {
    at += 12 + bytes.readUInt32LE(at + 8);
    starts.push(at);
  }
  return starts;
}

/** The lines of a tape that is whole. */
export function tapeLines(path: string): string[] {
  const bytes = readFileSync(path);
  const starts = blockStarts(bytes);
  const text = starts.slice(0, -1).map((start, i) => zstdDecompressSync(bytes.subarray(start + 12, starts[i + 1])).toString());
  return text.join('').split('\n').slice(0, -1);
}

/** Writes lines as a tape of one block. */
export function writeTape(folder: string, lines: readonly string[]): string {
  const path = join(folder, 'written.mientape');
  writeFileSync(path, encodeBlock(`${lines.join('\n')}\n`));
  return path;
}
