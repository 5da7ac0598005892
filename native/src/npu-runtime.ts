import type { Addon } from './addon.ts';
import type { NpuRuntime, SimulationSettings } from './npu.ts';
import { NpuError } from './npu-error.ts';

export function openRuntime(_addon: Addon, places: readonly string[], _simulate: SimulationSettings | undefined, _deadlineMs: number): NpuRuntime {
  throw new NpuError({ code: 'library-missing', message: `the addon does not open ${places.join(', ')} yet` });
}
