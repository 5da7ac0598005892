/** What comes from outside may be nested so deeply, or hold itself, that whoever walks it would run out of stack. */

/** More than anything of Mien's has. */
export const MAX_DEPTH = 64;

export function isDeeperThan(depth: number, value: unknown): boolean {
  let level = new Set([value]);
  for (let at = 0; level.size > 0; at += 1) {
    if (at > depth) return true;
    // As sets: what is there twice, as by an alias in YAML, is walked once.
    const inside = [...level].flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
    level = new Set<unknown>(inside);
  }
  return false;
}
