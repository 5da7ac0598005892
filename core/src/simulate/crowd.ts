/** Hours of visitors from a few numbers: when each comes, where they stand, what they do. */
import { createRandom, type Random } from './random.ts';
import { type CrowdSettings, checkScenario, type VirtualPerson } from './scenario.ts';
import { facePxAt, focalPx, type SimulatedView } from './view.ts';

/** A lane stays empty for so long after a visit, so that nobody is taken for the one before. */
const LANE_REST_S = 12;
const WALK_MPS = 1.2;
const FARTHEST_M = 5;
const FAR_FACE_PX = 24;
const NEAREST_M = 1.2;
/** Faces side by side take at most this much of the room between two lanes. */
const LANE_FILL = 0.8;
const DWELL_SPREAD = 0.6;
const SHORTEST_S = 4;
const LONGEST_S = 3600;
/** Nobody comes who would not be seen to have left before the end. */
const TAIL_S = 4;

/** What a scenario may say of distances. */
const CLOSEST_M = 0.2;
const MOST_M = 20;

/** What a person is who says nothing but a name. */
const anybody = checkScenario({ people: [{ id: 'visitor' }] }).people[0] as VirtualPerson;

interface Lane {
  readonly bearingDeg: number;
  /** From depth to distance: to the side the same depth is farther. */
  readonly slant: number;
  freeS: number;
}

/**
 * Visitors in the order in which they come, made as they are asked for: a day has 20,000. Each has a lane of their own, straight towards the device, so that nobody covers or is taken for
 * another: the truth can be counted exactly.
 */
export function* visitors(
  settings: CrowdSettings,
  names: { readonly seed: number; readonly of: readonly number[] },
  view: SimulatedView,
  lengthS: number,
): Generator<VirtualPerson, void> {
  const random = createRandom(names.seed, 'crowd', ...names.of);
  const lanes = lanesOf(settings.atMost, view);
  let number = 0;
  for (let wantedS = 0; ; ) {
    wantedS += (-Math.log(1 - random.next()) * 3600) / settings.perHour;
    const open = lanes.filter(({ freeS }) => freeS <= wantedS);
    const lane =
      open.length > 0 ? (open[Math.floor(random.next() * open.length)] as Lane) : lanes.reduce((best, next) => (next.freeS < best.freeS ? next : best));
    const enterS = Math.max(wantedS, lane.freeS);
    const stayS = Math.min(LONGEST_S, Math.max(SHORTEST_S, settings.dwellS * Math.exp(DWELL_SPREAD * random.normal())));
    if (enterS + stayS > lengthS - TAIL_S) {
      if (enterS > lengthS - TAIL_S - SHORTEST_S) return;
      continue;
    }
    lane.freeS = enterS + stayS + LANE_REST_S;
    number += 1;
    yield visitor({ number, enterS, stayS, lane, random, settings, view });
  }
}

interface Coming {
  readonly number: number;
  readonly enterS: number;
  readonly stayS: number;
  readonly lane: Lane;
  readonly random: Random;
  readonly settings: CrowdSettings;
  readonly view: SimulatedView;
}

function visitor({ number, enterS, stayS, lane, random, settings: { mix }, view }: Coming): VirtualPerson {
  const farM = Math.min(FARTHEST_M, facePxAt(1, view) / FAR_FACE_PX);
  const nearM = Math.min(Math.max(NEAREST_M, facePxAt(1, view) / (LANE_FILL * laneWidthPx(view))), 0.6 * farM);
  const looks = random.next() < mix.look;
  const smiles = looks && random.next() < mix.smile;
  const standM = nearM + (farM - nearM) * random.next() * (looks ? 0.5 : 0.9);
  const walkS = Math.min((farM - standM) / WALK_MPS, stayS / 3);
  const place = (atS: number, depthM: number) => ({
    atS,
    distanceM: Math.min(MOST_M, Math.max(CLOSEST_M, depthM * lane.slant)),
    bearingDeg: lane.bearingDeg,
  });
  return {
    ...anybody,
    id: `visitor-${number}`,
    enterS,
    leaveS: enterS + stayS,
    age: ageOf(mix.ages, random),
    gender: random.next() < mix.female ? 'female' : 'male',
    path: [place(0, farM), place(walkS, standM), place(stayS - walkS, standM), place(stayS, farM)],
    look: [
      { atS: 0, at: looks ? 'device' : 'away' },
      { atS: stayS - walkS, at: 'back' },
    ],
    ...(smiles && { expression: [{ atS: walkS + 0.2 * stayS, label: 'positive' }] }),
  };
}

function ageOf(groups: CrowdSettings['mix']['ages'], random: Random): number {
  let left = random.next() * groups.reduce((sum, { share }) => sum + share, 0);
  let group = groups[0] as (typeof groups)[number];
  for (group of groups) {
    left -= group.share;
    if (left < 0) break;
  }
  return group.from + (group.to - group.from) * random.next();
}

/** Six lanes fill the middle 80 % of the picture; fewer are the inner ones. */
const LANES = 6;

function laneWidthPx({ width }: SimulatedView): number {
  return (0.8 * width) / (LANES - 1);
}

function lanesOf(count: number, view: SimulatedView): Lane[] {
  return Array.from({ length: count }, (_, i) => {
    const right = ((i - (count - 1) / 2) * laneWidthPx(view)) / focalPx(view);
    return { bearingDeg: (Math.atan(right) * 180) / Math.PI, slant: Math.hypot(1, right), freeS: 0 };
  });
}
