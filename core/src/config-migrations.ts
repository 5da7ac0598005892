/** Brings a mien.yaml of an earlier version to the present shape, one step a version. Nothing is written back. */
import { CONFIG_VERSION } from './config.ts';
import { MienError } from './errors.ts';

type Settings = Record<string, unknown>;

/** By the version that each starts from. They throw a message that names both settings where one thing is said in two shapes. */
const steps: Readonly<Record<number, (settings: Settings) => Settings>> = {
  /** 2 groups what concerns the sight process under `sight`. */
  1({ sightTimeoutMs, ffmpeg, ...rest }) {
    const former = { ...(sightTimeoutMs !== undefined && { timeoutMs: sightTimeoutMs }), ...(ffmpeg !== undefined && { ffmpeg }) };
    const { sight = {} } = rest;
    // Not an object: left for the check to refuse.
    if (Object.keys(former).length === 0 || typeof sight !== 'object' || Array.isArray(sight)) return rest;
    const oldNames = { timeoutMs: 'sightTimeoutMs', ffmpeg: 'ffmpeg' };
    for (const key of Object.keys(former) as (keyof typeof oldNames)[]) {
      if (Object.hasOwn(sight as object, key))
        throw new Error(`${oldNames[key]} and sight.${key} are both given: keep sight.${key}, which is its name since version 2`);
    }
    return { ...rest, sight: { ...sight, ...former } };
  },
};

/**
 * Settings as read from a file; without `version` they are of version 1. Errors: CONFIG_INVALID for a version that this Mien does not know,
 * and where a setting is given in the old shape and the new one.
 */
export function migrateConfig(settings: Settings, origin: string): Settings {
  const { version = 1 } = settings;
  if (!Number.isInteger(version) || (version as number) < 1 || (version as number) > CONFIG_VERSION) {
    throw new MienError(
      'CONFIG_INVALID',
      `${origin}: version: expected 1 to ${CONFIG_VERSION}, got ${JSON.stringify(version)}; a newer Mien may have written this file`,
    );
  }
  let migrated = settings;
  try {
    for (let from = version as number; from < CONFIG_VERSION; from += 1) migrated = steps[from]?.(migrated) ?? migrated;
  } catch (cause) {
    throw new MienError('CONFIG_INVALID', `${origin}: ${(cause as Error).message}`, { cause });
  }
  return { ...migrated, version: CONFIG_VERSION };
}
