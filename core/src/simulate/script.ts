/** What one virtual person does, by the seconds since they came. */
import type { ExpressionLabel, Gaze, Gender, VirtualPerson } from './scenario.ts';
import { edgeDeg, type SimulatedView } from './view.ts';

/** The truth about somebody at one moment. */
export interface Appearance {
  readonly distanceM: number;
  /** Positive to the device's right. */
  readonly bearingDeg: number;
  /** Where the head turns to, relative to the line to the camera. */
  readonly yawDeg: number;
  readonly pitchDeg: number;
  /** No face to be seen: behind something, or turned around. */
  readonly hidden: boolean;
  readonly age: number;
  readonly gender: Gender;
  readonly expression: ExpressionLabel;
  readonly light: number;
  readonly sharpness: number;
}

/** Takes the line between two steps as often as asked, without looking for it from the start each time. */
export class Script {
  readonly #person: VirtualPerson;
  readonly #path: NonNullable<VirtualPerson['path']>;
  readonly #look: NonNullable<VirtualPerson['look']>;

  constructor(person: VirtualPerson, view: SimulatedView) {
    const dwellS = person.leaveS === undefined ? null : person.leaveS - person.enterS;
    this.#person = person;
    this.#path = person.path ?? comeAndGo(dwellS, view);
    this.#look = person.look ?? lookUntilLeaving(person.path ? null : dwellS);
  }

  at(s: number): Appearance {
    const { age, gender, light, sharpness, expression, hidden } = this.#person;
    const look = latest(this.#look, s);
    const gaze = look?.at ?? 'device';
    return {
      ...this.#place(s),
      ...gazeAngles(gaze),
      ...(look?.yawDeg !== undefined && { yawDeg: look.yawDeg }),
      ...(look?.pitchDeg !== undefined && { pitchDeg: look.pitchDeg }),
      hidden: gaze === 'back' || hidden.some(({ fromS, untilS }) => s >= fromS && s < untilS),
      age,
      gender,
      expression: latest(expression, s)?.label ?? 'neutral',
      light,
      sharpness,
    };
  }

  #place(s: number): { distanceM: number; bearingDeg: number } {
    const path = this.#path;
    const next = path.findIndex(({ atS }) => atS > s);
    const after = path[next < 0 ? path.length - 1 : next] as (typeof path)[number];
    const before = next === 0 ? after : next < 0 ? after : (path[next - 1] as (typeof path)[number]);
    const share = after === before ? 0 : (s - before.atS) / (after.atS - before.atS);
    return {
      distanceM: before.distanceM + (after.distanceM - before.distanceM) * share,
      bearingDeg: before.bearingDeg + (after.bearingDeg - before.bearingDeg) * share,
    };
  }
}

/** Degrees of yaw and pitch. */
export function gazeAngles(gaze: Gaze): { yawDeg: number; pitchDeg: number } {
  switch (gaze) {
    case 'device':
      return { yawDeg: 0, pitchDeg: 0 };
    case 'left':
      return { yawDeg: -50, pitchDeg: 0 };
    case 'down':
      return { yawDeg: 0, pitchDeg: -38 };
    case 'right':
    case 'away':
    case 'back':
      return { yawDeg: 50, pitchDeg: 0 };
  }
}

const STAND_M = 0.9;
const COMING_S = 4;
const GOING_S = 4;

/** Comes in through the left edge of the picture, stands before the device, goes out through the right one. */
function comeAndGo(dwellS: number | null, view: SimulatedView): NonNullable<VirtualPerson['path']> {
  const comingS = Math.min(COMING_S, (dwellS ?? COMING_S * 3) / 3);
  const stand = { distanceM: STAND_M, bearingDeg: 0 };
  const coming = [
    { atS: 0, distanceM: 3, bearingDeg: -Math.min(85, edgeDeg(view) + 3) },
    { atS: comingS, ...stand },
  ];
  if (dwellS === null) return coming;
  const goingS = Math.min(GOING_S, dwellS / 3);
  return [...coming, { atS: dwellS - goingS, ...stand }, { atS: dwellS, distanceM: 2.5, bearingDeg: Math.min(85, edgeDeg(view) + 6) }];
}

function lookUntilLeaving(dwellS: number | null): NonNullable<VirtualPerson['look']> {
  if (dwellS === null) return [{ atS: 0, at: 'device' }];
  return [
    { atS: 0, at: 'device' },
    { atS: dwellS - Math.min(GOING_S, dwellS / 3), at: 'right' },
  ];
}

function latest<T extends { readonly atS: number }>(steps: readonly T[], s: number): T | undefined {
  let found: T | undefined;
  for (const step of steps) {
    if (step.atS > s) break;
    found = step;
  }
  return found;
}
