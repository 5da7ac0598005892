import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { NpuFunctions } from './npu-addon.ts';
import type { TensorData } from './types.ts';

/** What the compiled module exports; see addon/addon.cc. */
export interface Addon {
  warp(source: Uint8Array, out: TensorData, plan: Float64Array): void;
  measure(tensor: TensorData, plan: Float64Array, result: Float64Array): void;
  notify(address: string, message: string): void;
  dispatch(name?: string): string;
  readonly npu: NpuFunctions;
}

/** Thrown when no addon can be loaded; the message says for which platform, where it was looked for, and what to do. */
export class AddonLoadError extends Error {
  readonly code = 'NATIVE_UNAVAILABLE';
}

const require = createRequire(import.meta.url);

/**
 * Loads the addon from `path`, or from prebuilds/<platform>-<arch>/ of this package (the same place seen from src/ and dist/).
 * Throws AddonLoadError.
 */
export function loadAddon(path: string | undefined): Addon {
  const target = `${process.platform}-${process.arch}`;
  const file = path || fileURLToPath(new URL(`../prebuilds/${target}/mien.node`, import.meta.url));
  try {
    return require(file) as Addon;
  } catch (cause) {
    const found = existsSync(file);
    const reason = found ? `it was found but did not load: ${(cause as Error).message}` : 'there is no such file';
    const remedies = [
      path ? 'Correct or unset MIEN_NATIVE_PATH.' : undefined,
      'In a checkout: run `node scripts/build-native.mjs` (needs g++; Debian: apt-get install g++).',
      'From packages: install a @mien/native whose prebuilds/ folder holds this platform (shipped: linux-x64, linux-arm64, both for glibc),',
      'or set MIEN_NATIVE_PATH to a mien.node that you built for it.',
    ];
    throw new AddonLoadError(
      `The native addon of @mien/native cannot be loaded on ${target} (Node ${process.version}). Looked for ${file}: ${reason}. ` +
        remedies.filter((line) => line !== undefined).join(' '),
      { cause },
    );
  }
}
