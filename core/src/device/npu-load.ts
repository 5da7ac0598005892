/**
 * Load of the NPU's cores from the vendor's driver: `NPU load:  Core0: 45%, Core1:  0%, Core2:  0%,` on chips with several cores, `NPU load: 12%`
 * on those with one. Percent per core, kept within 0 to 100 since some kernels count past it. Undefined where the text says something else.
 */
export function parseNpuLoad(text: string): number[] | undefined {
  if (!/^\s*NPU load\s*:/i.test(text)) return undefined;
  const named = [...text.matchAll(/Core\s*(\d+)\s*:\s*(-?\d+(?:\.\d+)?)\s*%/gi)];
  const loads: number[] = [];
  if (named.length > 0) {
    // A number past the cores that any Rockchip has is no core.
    for (const [, core, load] of named) if (Number(core) < 8) loads[Number(core)] = Number(load);
  } else {
    const [, load] = /:\s*(-?\d+(?:\.\d+)?)\s*%/.exec(text) ?? [];
    if (load !== undefined) loads.push(Number(load));
  }
  if (loads.length === 0) return undefined;
  return Array.from(loads, (load) => Math.min(100, Math.max(0, load ?? 0)));
}
