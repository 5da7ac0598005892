/** What tests of speech need: a player that writes down what it heard, and sox's word on a WAV. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findProgram, skip } from './programs.ts';

const player = fileURLToPath(new URL('recording-player.mjs', import.meta.url));

export interface Heard {
  readonly what: 'first' | 'heard' | 'done';
  readonly pid: number;
  readonly atWallMs: number;
  readonly durationMs?: number;
}

/** Options of the plugin for a player that plays nothing, and notes into `log`; each sound takes `leastMs` at least. */
export function recordingPlayer(log: string, leastMs = 0): { readonly player: 'command'; readonly playerCommand: string; readonly playerArgs: string[] } {
  // A Node that is started under the permission model hands it on to Nodes that it starts.
  return { player: 'command', playerCommand: 'env', playerArgs: ['-u', 'NODE_OPTIONS', process.execPath, player, log, String(leastMs)] };
}

export function heardIn(log: string): Heard[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

export function requireEspeak(): void {
  if (!findProgram(['espeak-ng'], ['--version'])) skip('espeak-ng', 'espeak-ng');
}

export function requireSox(): void {
  if (!findProgram(['sox'], ['--version'])) skip('sox', 'sox');
}

export interface SoundFacts {
  readonly rateHz: number;
  readonly channels: number;
  readonly durationS: number;
  readonly rms: number;
  /** Largest sample, 0..1. */
  readonly peak: number;
}

/** As sox reads the file. Throws with what it said. */
export function soundFacts(path: string): SoundFacts {
  const sox = (args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('sox', args, { encoding: 'utf8' });
    if (status !== 0 || /WARN|FAIL/.test(stderr)) throw new Error(`sox ${args.join(' ')}: ${stderr}`);
    return `${stdout}${stderr}`;
  };
  const info = (flag: string): number => Number(sox(['--i', flag, path]).trim());
  const stat = sox([path, '-n', 'stat']);
  const number = (name: string): number => Number(new RegExp(`${name}:\\s*(-?[\\d.]+)`).exec(stat)?.[1]);
  return {
    rateHz: info('-r'),
    channels: info('-c'),
    durationS: info('-D'),
    rms: number('RMS\\s+amplitude'),
    peak: Math.max(number('Maximum amplitude'), -number('Minimum amplitude')),
  };
}
