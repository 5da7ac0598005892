/** Brings a mien.yaml of an earlier version to the present shape, one step a version. Nothing is written back. */
import { CONFIG_VERSION } from './config.ts';
import { MienError } from './errors.ts';

type Settings = Record<string, unknown>;

/** By the version that each starts from. */
const steps: Readonly<Record<number, (settings: Settings) => Settings>> = {
  /** 2 groups what concerns the sight process under `sight`. */
  1({ sightTimeoutMs, ffmpeg, ...rest }) {
    const sight = { ...(sightTimeoutMs !== undefined && { timeoutMs: sightTimeoutMs }), ...(ffmpeg !== undefined && { ffmpeg }) };
    return Object.keys(sight).length > 0 ? { ...rest, sight: { ...sight, ...(rest['sight'] as object | undefined) } } : rest;
  },
};

/** Settings as read from a file; without `version` they are of version 1. Errors: CONFIG_INVALID for a version that this Mien does not know. */
export function migrateConfig(settings: Settings, origin: string): Settings {
  const { version = 1 } = settings;
  if (!Number.isInteger(version) || (version as number) < 1 || (version as number) > CONFIG_VERSION) {
    throw new MienError(
      'CONFIG_INVALID',
      `${origin}: version: expected 1 to ${CONFIG_VERSION}, got ${JSON.stringify(version)}; a newer Mien may have written this file`,
    );
  }
  let migrated = settings;
  for (let from = version as number; from < CONFIG_VERSION; from += 1) migrated = steps[from]?.(migrated) ?? migrated;
  return { ...migrated, version: CONFIG_VERSION };
}
