import type { Config } from '../config.ts';
import type { AbstainReason } from '../events.ts';
import type { FaceQuality } from '../observation.ts';

const DARK = 0.2;
const BLURRED = 0.35;

/** Why a sample of this face does not count, or null when it does. A low score is blamed on light or blur where they were measured. */
export function gate(quality: FaceQuality, limits: Config['quality']): AbstainReason | null {
  if (quality.facePx < limits.facePx) return 'too_small';
  if (Math.abs(quality.yawDeg) > limits.yawDeg) return 'yaw';
  if (Math.abs(quality.pitchDeg) > limits.pitchDeg) return 'pitch';
  if (quality.score >= limits.score) return null;
  if (quality.light !== undefined && quality.light < DARK) return 'dark';
  if (quality.sharpness !== undefined && quality.sharpness < BLURRED) return 'blur';
  return 'low_confidence';
}
