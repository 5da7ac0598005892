/** What makes a sound heard: the first player that is there, a program of the user's, or a folder that the sounds are written into. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MienError } from '@mien/core/plugin';
import type { SpeechOptions } from './options.ts';
import type { Programs } from './programs.ts';
import type { Sound } from './wav.ts';

export interface Player {
  readonly name: string;
  /** Resolves when it has been heard to its end. Aborted, it is silent at once. Rejects with what `Programs.run` rejects with; OUTPUT_UNWRITABLE. */
  play(sound: Sound, signal: AbortSignal): Promise<void>;
}

interface Kind {
  readonly file: string;
  /** `{file}`: it cannot read a WAV from a pipe. */
  readonly args: readonly string[];
  readonly advice: string;
}

const kinds = {
  aplay: { file: 'aplay', args: ['-q', '-t', 'wav', '-'], advice: 'apt install alsa-utils' },
  paplay: { file: 'paplay', args: ['{file}'], advice: 'apt install pulseaudio-utils' },
  'pw-play': { file: 'pw-play', args: ['{file}'], advice: 'apt install pipewire-bin' },
  play: { file: 'play', args: ['-q', '-t', 'wav', '-'], advice: 'apt install sox' },
} as const satisfies Readonly<Record<string, Kind>>;
type KindName = keyof typeof kinds;

/** Longer than any sound that fits: a player that hangs does not keep the others waiting for good. */
const OVERTIME_MS = 15_000;

/** Errors: SERVICE_UNAVAILABLE that says what to install. `folder`: where this plugin may write. */
export async function findPlayer(options: SpeechOptions, programs: Programs, folder: string): Promise<Player> {
  const { player, playerCommand, playerArgs } = options;
  if (player === 'folder') return folderPlayer(options.folder === '' ? folder : resolve(options.folder));
  if (player === 'command') {
    const file = playerCommand.trim();
    if (!(await programs.has(file)))
      throw new MienError('SERVICE_UNAVAILABLE', `there is no program ${file} (playerCommand): install it, or give its whole path`);
    return programPlayer({ file, args: playerArgs, advice: '' }, programs, folder);
  }
  const wanted: readonly KindName[] = player === 'auto' ? inOrder() : [player];
  const there = await Promise.all(wanted.map((name) => programs.has(kinds[name].file)));
  const name = wanted.find((_, index) => there[index]);
  if (!name) {
    const what = player === 'auto' ? `no player (looked for ${wanted.join(', ')})` : `no program ${player}`;
    throw new MienError('SERVICE_UNAVAILABLE', `there is ${what}: ${kinds[player === 'auto' ? 'aplay' : player].advice}`);
  }
  const { file, args, advice } = kinds[name];
  return programPlayer({ file, args: [...playerArgs, ...args], advice }, programs, folder);
}

/** A sound server is reached by what the environment says of it; where it says nothing, ALSA is closer. */
function inOrder(): readonly KindName[] {
  const servers: KindName[] = ['pw-play', 'paplay'];
  const direct: KindName[] = ['aplay', 'play'];
  return process.env['XDG_RUNTIME_DIR'] || process.env['PULSE_SERVER'] ? [...servers, ...direct] : [...direct, ...servers];
}

function programPlayer({ file, args }: Kind, programs: Programs, folder: string): Player {
  const needsFile = args.some((arg) => arg.includes('{file}'));
  // One sound at a time: always the same file.
  const sound = 'speech-played.wav';
  const path = join(folder, sound);
  return {
    name: file,
    async play({ wav, durationMs }, signal) {
      const timeoutMs = durationMs + OVERTIME_MS;
      if (!needsFile) return void (await programs.run({ file, args, input: wav, timeoutMs, signal }));
      await write(folder, sound, wav);
      try {
        await programs.run({ file, args: args.map((arg) => arg.replaceAll('{file}', path)), timeoutMs, signal });
      } finally {
        await rm(path, { force: true });
      }
    },
  };
}

/** Every sound is a file; the oldest are written over when there are many. */
function folderPlayer(folder: string): Player {
  const MOST_FILES = 1000;
  let count = 0;
  return {
    name: folder,
    async play({ wav }, signal) {
      signal.throwIfAborted();
      await write(folder, `speech-${String(count % MOST_FILES).padStart(4, '0')}.wav`, wav);
      count += 1;
    },
  };
}

async function write(folder: string, name: string, bytes: Buffer): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(join(folder, name), bytes);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

function unwritable(path: string, cause: unknown): MienError {
  const denied = (cause as NodeJS.ErrnoException).code === 'ERR_ACCESS_DENIED';
  const advice = denied ? 'write `allow: { write: [the folder] }` beside its `from` in mien.yaml' : (cause as Error).message;
  return new MienError('OUTPUT_UNWRITABLE', `${path} cannot be written: ${advice}`, { cause });
}
