/** How a network is laid over the cores of an NPU: what the configuration says (`npu.layouts`), /v1/models shows and `mien model tune` measures. */
import { MienError } from '../errors.ts';

/** Cores of an RK3588's NPU. */
export const npuCoreCount = 3;

/**
 * - `auto`: any core that is free, the one used last first, so that the others are left to other networks.
 * - `spread`: any core that is free, in turn, so that load and heat are even.
 * - `pinned`: only these cores; others only while none of these can be used.
 * - `fused`: several cores work on one run together; while it is under way none of them begins another.
 */
export type Affinity = 'auto' | 'spread' | { readonly pinned: readonly number[] } | { readonly fused: readonly number[] };

export interface Layout {
  readonly affinity: Affinity;
  /** Interactive runs go before analytics ones, which are never left out for good. */
  readonly priority: 'interactive' | 'analytics';
  /** A run that takes longer inside is taken for hung: its core is set aside. */
  readonly deadlineMs: number;
}

/** Where one run can be executed: a core, or a group of cores that work as one. */
export interface Place {
  /** Position in `places`. */
  readonly index: number;
  readonly cores: readonly number[];
  /** Bit n stands for core n; it is the mask that the runtime takes. */
  readonly mask: 1 | 2 | 3 | 4 | 7;
}

/** Every place that an RK3588 has. */
export const places: readonly Place[] = [
  { index: 0, cores: [0], mask: 1 },
  { index: 1, cores: [1], mask: 2 },
  { index: 2, cores: [2], mask: 4 },
  { index: 3, cores: [0, 1], mask: 3 },
  { index: 4, cores: [0, 1, 2], mask: 7 },
];

/** The places of single cores. */
export const singlePlaces: readonly Place[] = places.slice(0, npuCoreCount);

/** Where runs of a network go while every core is well. Errors: CONFIG_INVALID. */
export function placesOf(affinity: Affinity): readonly Place[] {
  if (affinity === 'auto' || affinity === 'spread') return singlePlaces;
  const fused = 'fused' in affinity;
  const cores = fused ? affinity.fused : affinity.pinned;
  const mask = cores.reduce((bits, core) => bits | (1 << core), 0);
  const known = cores.length > 0 && new Set(cores).size === cores.length && cores.every((core) => Number.isInteger(core) && core >= 0 && core < npuCoreCount);
  const found = fused ? places.filter((place) => place.cores.length > 1 && place.mask === mask) : singlePlaces.filter((place) => place.mask & mask);
  if (known && found.length > 0) return found;
  const allowed = fused ? '[0, 1] or [0, 1, 2]' : `one or more of ${singlePlaces.map(({ cores: [core] }) => core).join(', ')}, each once`;
  throw new MienError('CONFIG_INVALID', `affinity.${fused ? 'fused' : 'pinned'} must be ${allowed}, got [${cores.join(', ')}].`);
}

/** `auto`, `pinned 0`, `fused 0 1 2`. */
export function affinityText(affinity: Affinity): string {
  if (typeof affinity === 'string') return affinity;
  return 'fused' in affinity ? `fused ${affinity.fused.join(' ')}` : `pinned ${affinity.pinned.join(' ')}`;
}

export function placeText({ cores }: Place): string {
  return coresText(cores);
}

/** `core 1`, `cores 0, 1 and 2`. */
export function coresText(cores: readonly number[]): string {
  return cores.length === 1 ? `core ${cores[0]}` : `cores ${cores.slice(0, -1).join(', ')} and ${cores.at(-1)}`;
}
