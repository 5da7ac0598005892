/** What can happen to a crowd, as fast-check draws it. */
import * as fc from 'fast-check';

/** How many humans there are. */
export const HUMANS = 4;

/** One thing that happens to human `who`, and how many frames pass then. */
export type Action =
  | { kind: 'walk'; who: number; frames: number; dx: number; grow: number }
  | { kind: 'turn'; who: number; frames: number; yaw: number; quality: number }
  | { kind: 'smile'; who: number; frames: number; expression: number }
  | { kind: 'enter' | 'leave' | 'miss' | 'retrack' | 'predict' | 'exit'; who: number; frames: number }
  | { kind: 'swap' | 'merge' | 'stand-before'; who: number; other: number; frames: number }
  | { kind: 'restart' | 'garbage' | 'heads-off' | 'heads-on' | 'no-age'; frames: number }
  | { kind: 'jump'; frames: number; ms: number }
  | { kind: 'silence'; frames: number; ms: number; notice: boolean };

const who = fc.integer({ min: 0, max: HUMANS - 1 });
const frames = fc.integer({ min: 1, max: 25 });
const one = <const K extends string>(kind: K) => fc.record({ kind: fc.constant(kind), who, frames });
export const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: one('enter') },
    { weight: 2, arbitrary: one('leave') },
    { weight: 1, arbitrary: one('exit') },
    { weight: 3, arbitrary: one('miss') },
    { weight: 2, arbitrary: one('predict') },
    { weight: 3, arbitrary: one('retrack') },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('walk' as const),
        who,
        frames,
        dx: fc.double({ min: -0.02, max: 0.02, noNaN: true }),
        grow: fc.double({ min: 0.97, max: 1.03, noNaN: true }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('turn' as const),
        who,
        frames,
        yaw: fc.double({ min: -60, max: 60, noNaN: true }),
        quality: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('smile' as const), who, frames, expression: fc.integer({ min: 0, max: 2 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('swap' as const, 'merge' as const, 'stand-before' as const), who, other: who, frames }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('restart' as const, 'garbage' as const, 'heads-off' as const, 'heads-on' as const, 'no-age' as const),
        frames,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('jump' as const), frames, ms: fc.integer({ min: -100_000, max: 100_000 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('silence' as const), frames, ms: fc.integer({ min: 100, max: 12_000 }), notice: fc.boolean() }) },
  ),
  { minLength: 1, maxLength: 60, size: 'max' },
);

export interface Scene {
  readonly seed: number;
  readonly frameMs: number;
  /** Between neighbours, as a share of the picture: from shoulder to shoulder to well apart. */
  readonly spacing: number;
  /** Everybody is there from the start. */
  readonly full: boolean;
}
export const scenes: fc.Arbitrary<Scene> = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
  frameMs: fc.constantFrom(33, 50, 66),
  spacing: fc.constantFrom(0.11, 0.14, 0.18, 0.25),
  full: fc.boolean(),
});
