/**
 * Neighbouring frames show the same pixels twice: a sample counts for as much as it is new. A sample that follows the last
 * one after `dt` counts quality x (1 - exp(-dt / 300 ms)), the first one its quality; the sum is the effective sample size.
 * Even independent samples of one face share the network's error on that face (half of its variance, by `SHARED`), which no
 * number of frames removes.
 */
const DECORRELATION_MS = 300;
export const SHARED = 0.5;

/** Log-odds of n effective samples with mutual correlation SHARED add up to those of this many independent ones (at most 2). */
export function independent(effective: number): number {
  return effective / (1 + Math.max(0, effective - 1) * SHARED);
}

/** The part of a sample that is new, 0..quality. `previous` is the time of the sample before, or null. */
export function novelty(quality: number, t: number, previous: number | null): number {
  return previous === null ? quality : quality * (1 - Math.exp(-Math.max(0, t - previous) / DECORRELATION_MS));
}
