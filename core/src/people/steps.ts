/**
 * Everything that moves people comes in steps: an observation, a notice, a tick of time. During one the clocks stand still, and what
 * came is told first. The same steps at the same moments give the same events, byte for byte: that is what a tape is.
 */
import type { Enveloper, EventMoment } from '../enveloper.ts';
import type { EventName } from '../events.ts';
import type { Observation } from '../observation.ts';
import type { Clock, Moment, Session } from '../session.ts';
import type { Notice } from './notices.ts';
import type { People } from './people.ts';

export type Input =
  | { readonly observation: Observation }
  | { readonly notice: Notice }
  | { readonly tick: true }
  /** An event that others than people made: it takes a number of the same sequence. */
  | { readonly event: { readonly name: EventName; readonly moment: EventMoment; readonly data: object } };

/** Called before the input is worked on. Must not throw and must not keep what it changes. */
export type InputListener = (input: Input, at: Moment) => void;

export interface Steps {
  readonly session: Session;
  /** The session's clock, standing still during a step. */
  readonly clock: Clock;
  readonly isInside: boolean;
  run<T>(input: Input, work: () => T, monoMs?: number): T;
}

export function createSteps(session: Session, onInput?: InputListener): Steps {
  let held: Moment | undefined;
  const clock: Clock = { monoMs: () => held?.monoMs ?? session.clock.monoMs(), wallMs: () => held?.wallMs ?? session.clock.wallMs() };
  return {
    session,
    clock,
    get isInside() {
      return held !== undefined;
    },
    run(input, work, monoMs = session.clock.monoMs()) {
      held = { monoMs, wallMs: session.clock.wallMs() };
      try {
        onInput?.(input, held);
        return work();
      } finally {
        held = undefined;
      }
    },
  };
}

/** People whose clock is that of the steps, each call one step. */
export function steppedPeople(people: People, steps: Steps): People {
  return {
    observe: (observation) => steps.run({ observation }, () => people.observe(observation)),
    notice: (notice) => steps.run({ notice }, () => people.notice(notice)),
    tick: (nowMonoMs) => steps.run({ tick: true }, () => people.tick(nowMonoMs), nowMonoMs),
    current: () => people.current(),
    whyNot: (personId) => people.whyNot(personId),
    size: () => people.size(),
  };
}

/** An event made outside of people's steps is a step of its own. */
export function steppedEnveloper(enveloper: Enveloper, steps: Steps): Enveloper {
  return {
    bootId: enveloper.bootId,
    envelope(name, moment, data) {
      if (steps.isInside) return enveloper.envelope(name, moment, data);
      return steps.run({ event: { name, moment, data } }, () => enveloper.envelope(name, moment, data));
    },
  };
}
