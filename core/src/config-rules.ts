/** What the schema cannot say: settings that must fit each other. */
import type { Config } from './config.ts';
import { zoneFaults } from './zone-faults.ts';

/** One line a fault, `path: what was expected`. Empty when everything fits. */
export function ruleFaults(config: Config): string[] {
  const { presence, attention, attributes, distance, cameras, model, npu, sight } = config;
  const faults: string[] = [];
  const inOrder = (part: string, values: Readonly<Record<string, number>>): void => {
    const entries = Object.entries(values);
    for (const [i, [name, value]] of entries.entries()) {
      const next = entries[i + 1];
      if (next && value > next[1]) faults.push(`${part}.${name}: expected at most ${part}.${next[0]} (${next[1]}), got ${value}`);
    }
  };
  inOrder('presence', { appearHits: presence.appearHits, appearWindow: presence.appearWindow });
  inOrder('attention', { off: attention.off, on: attention.on });
  inOrder('attributes', { genderP: attributes.genderP, genderTurnP: attributes.genderTurnP });
  inOrder('attributes', { minorReleaseP: attributes.minorReleaseP, minorP: attributes.minorP });
  const { nearEnterM, nearLeaveM, midEnterM, midLeaveM } = distance;
  inOrder('distance', { nearEnterM, nearLeaveM, midEnterM, midLeaveM });
  if (model.backend !== 'onnx' && npu.deadlineMs >= sight.timeoutMs) {
    faults.push(`npu.deadlineMs: expected less than sight.timeoutMs (${sight.timeoutMs}), or sight is restarted first; got ${npu.deadlineMs}`);
  }
  for (const [i, camera] of cameras.entries()) {
    if (cameras.findIndex(({ name }) => name === camera.name) < i) {
      faults.push(`cameras[${i}].name: another camera is named "${camera.name}"; give each its own name`);
    }
    faults.push(...zoneFaults(camera, `cameras[${i}]`));
  }
  return faults;
}
