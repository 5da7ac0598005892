/** mien.yaml of a Mien that runs here: what the dialog says, over the settings written there, with the cameras that nodes require. */
import { parse } from 'yaml';
import type { CameraWish } from '../host-connection.ts';
import { NodeFault } from '../node-fault.ts';

export type Profile = 'kiosk' | 'robot';

export interface HereSettings {
  readonly command: string;
  /** kiosk: Mien's defaults. robot: who comes back within 10 s has returned. */
  readonly profile: Profile;
  /** Lines of a mien.yaml; the dialog goes before them. */
  readonly extra: string;
  readonly token: string | undefined;
}

type Part = Readonly<Record<string, unknown>>;

/** Profiles are settings of mien.yaml, under what is written in `extra`. */
const PROFILES: Record<Profile, Part> = { kiosk: {}, robot: { presence: { graceMs: 10_000 } } };

/** Errors: INPUT_INVALID for what is no YAML or no settings; Mien itself checks the rest. */
export function readExtra(extra: string): Part {
  let read: unknown;
  try {
    read = parse(extra, { merge: true });
  } catch (fault) {
    throw new NodeFault('INPUT_INVALID', `the further settings are not valid YAML: ${(fault as Error).message}`, { cause: fault });
  }
  if (read === null || read === undefined) return {};
  if (typeof read !== 'object' || Array.isArray(read)) {
    throw new NodeFault('INPUT_INVALID', 'the further settings are lines of a mien.yaml, as "presence: { graceMs: 8000 }"; found something else');
  }
  return read as Part;
}

/**
 * The file's text: JSON, which is YAML. `port` is that of the run before, so that clients go on at the same address; 0 takes any.
 * No camera at all is `[]`: pictures and virtual people only, where Mien alone would play its clip.
 */
export function childSettings(settings: Pick<HereSettings, 'extra' | 'profile'>, cameras: readonly CameraWish[], port: number): string {
  const extra = readExtra(settings.extra);
  const written = Array.isArray(extra['cameras']) ? (extra['cameras'] as CameraWish[]) : [];
  const required = new Set(cameras.map(({ name }) => name));
  const under = { log: { level: 'warn' }, stateFolder: './state', version: 2, ...PROFILES[settings.profile] };
  const merged: Record<string, unknown> = { ...under, ...extra };
  for (const name of Object.keys(under))
    if (isPart(under[name as keyof typeof under])) merged[name] = { ...((under as Part)[name] as Part), ...partOf(extra[name]) };
  const api = partOf(extra['api']);
  merged['api'] = { ...api, port: api['port'] || port };
  merged['cameras'] = [...written.filter(({ name = 'main' }) => !required.has(name)), ...cameras];
  return `${JSON.stringify(merged, undefined, 2)}\n`;
}

/** The token of `extra`, which the dialog's goes before. */
export function tokenOf({ token, extra }: HereSettings): string | undefined {
  const written = partOf(readExtra(extra)['api'])['token'];
  return token || (typeof written === 'string' ? written : undefined);
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function partOf(value: unknown): Part {
  return isPart(value) ? value : {};
}
