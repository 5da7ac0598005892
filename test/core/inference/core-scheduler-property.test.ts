import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lane } from '../../../core/src/inference/core-lane.ts';
import { createCoreScheduler } from '../../../core/src/inference/core-scheduler.ts';
import { type Affinity, placesOf } from '../../../core/src/inference/layout.ts';
import { CoreModel } from '../../support/core-model.ts';
import { times } from '../../support/soak.ts';

const suiteOf = suite('core scheduler: properties');

const single = fc.constantFrom<Affinity>('auto', 'spread', { pinned: [0] }, { pinned: [1] }, { pinned: [1, 2] });
const any = fc.oneof(single, fc.constantFrom<Affinity>({ fused: [0, 1] }, { fused: [0, 1, 2] }));

interface LaneCase {
  readonly affinity: Affinity;
  readonly priority: 'interactive' | 'analytics';
  readonly runMs: number;
}

interface Call {
  readonly lane: number;
  readonly atMs: number;
  readonly count: number;
}

const lanesOf = (affinity: fc.Arbitrary<Affinity>) =>
  fc.array(fc.record({ affinity, priority: fc.constantFrom('interactive' as const, 'analytics' as const), runMs: fc.integer({ min: 1, max: 20 }) }), {
    minLength: 1,
    maxLength: 5,
  });
const callsOf = fc.array(fc.record({ lane: fc.nat(4), atMs: fc.integer({ min: 0, max: 200 }), count: fc.integer({ min: 1, max: 12 }) }), { maxLength: 12 });

interface Outcome {
  readonly lane: number;
  readonly run: number;
  readonly settled: string[];
}

/** Plays the calls; `after` is called when each moment is over. */
async function play(model: CoreModel, cases: readonly LaneCase[], calls: readonly Call[], after: (lanes: readonly Lane[]) => void = () => {}) {
  const scheduler = createCoreScheduler(model);
  const lanes = cases.map(({ affinity, priority, runMs }, i) =>
    scheduler.open({ name: `${i}`, layout: { affinity, priority, deadlineMs: 50 }, ...model.lane(`${i}`, runMs) }),
  );
  const outcomes: Outcome[] = [];
  const called = cases.map(() => 0);
  for (const { lane: index, atMs, count } of calls) {
    const lane = lanes[index % lanes.length] as Lane;
    const which = index % lanes.length;
    model.at(atMs, () => {
      for (let i = 0; i < count; i += 1) {
        const run = called[which] as number;
        called[which] = run + 1;
        const outcome: Outcome = { lane: which, run, settled: [] };
        outcomes.push(outcome);
        lane.run(Float32Array.of(run)).then(
          (outputs) => outcome.settled.push(`${outputs['run']?.[0]}`),
          (fault) => outcome.settled.push(`fault: ${(fault as Error).message}`),
        );
      }
    });
  }
  await model.pass(30_000, () => after(lanes));
  for (const lane of lanes) void lane.close();
  await model.pass(40_000);
  return outcomes;
}

const runs = times(200);

suiteOf('no run is lost, none is made twice, and a lane begins its runs in call order', async () => {
  await fc.assert(
    fc.asyncProperty(lanesOf(any), callsOf, async (cases, calls) => {
      const model = new CoreModel();
      const outcomes = await play(model, cases, calls);
      for (const { run, settled } of outcomes) assert.equal(settled, [`${run}`]);
      assert.is(model.executed.length, outcomes.length);
      for (const [i] of cases.entries()) {
        const began = model.executed.filter(({ lane }) => lane === `${i}`).map(({ run }) => run);
        assert.equal(
          began,
          [...began].sort((a, b) => a - b),
        );
      }
    }),
    { numRuns: runs },
  );
});

suiteOf('with cores that fail, hang and come back every run is answered or refused exactly once, and answered by one execution', async () => {
  await fc.assert(
    fc.asyncProperty(
      lanesOf(any),
      callsOf,
      fc.array(fc.constantFrom('failed', 'hung', undefined, undefined, undefined), { minLength: 1, maxLength: 40 }),
      async (cases, calls, script) => {
        const model = new CoreModel();
        let step = 0;
        const next = () => script[step++ % (script.length * 3)];
        model.faultOf = () => next() as 'failed' | 'hung' | undefined;
        model.renews = () => next() === undefined;
        const outcomes = await play(model, cases, calls);
        for (const { lane, run, settled } of outcomes) {
          assert.is(settled.length, 1, `run ${run} of lane ${lane} settled ${settled.length} times`);
          const executions = model.executed.filter((one) => one.lane === `${lane}` && one.run === run).length;
          assert.is(executions, settled[0] === `${run}` ? 1 : 0, `run ${run} of lane ${lane}: ${settled[0]}, executed ${executions} times`);
        }
      },
    ),
    { numRuns: runs },
  );
});

suiteOf('no core is idle while a run waits that may go there, save where a fused run is to come', async () => {
  await fc.assert(
    fc.asyncProperty(lanesOf(any), callsOf, async (cases, calls) => {
      const model = new CoreModel();
      await play(model, cases, calls, (lanes) => {
        const idle = new Set(model.idle());
        const waiting = cases.filter((_, i) => (lanes[i]?.status().waiting ?? 0) > 0);
        for (const one of waiting) {
          const heldByOthers = waiting.filter((other) => other !== one).flatMap(({ affinity }) => placesOf(affinity).filter((place) => place.cores.length > 1));
          for (const { cores, mask } of placesOf(one.affinity)) {
            const free = cores.every((core) => idle.has(core)) && heldByOthers.every((other) => (other.mask & mask) === 0);
            assert.not(free, `core ${cores} idle while a run waits for it`);
          }
        }
      });
    }),
    { numRuns: runs },
  );
});

suiteOf('an analytics run lets at most eight interactive ones go first that take its cores', async () => {
  await fc.assert(
    fc.asyncProperty(lanesOf(single), callsOf, async (cases, calls) => {
      const model = new CoreModel();
      await play(model, cases, calls);
      for (const [i, { affinity, priority }] of cases.entries()) {
        if (priority === 'interactive') continue;
        const mask = placesOf(affinity).reduce((bits, place) => bits | place.mask, 0);
        let overtaken = 0;
        let begun = 0;
        const arrivals = arrivalsOf(calls, i, cases.length);
        for (const one of model.executed) {
          const arrivedMs = arrivals[begun];
          if (one.lane === `${i}`) {
            begun += 1;
            overtaken = 0;
          } else if (arrivedMs !== undefined && arrivedMs < one.calledMs && cases[Number(one.lane)]?.priority === 'interactive' && one.place.mask & mask) {
            overtaken += 1;
            assert.ok(overtaken <= 8, `lane ${i} was overtaken ${overtaken} times`);
          }
        }
      }
    }),
    { numRuns: runs },
  );
});

/** When each run of a lane was called, in call order. */
function arrivalsOf(calls: readonly Call[], lane: number, lanes: number): number[] {
  return calls
    .filter((call) => call.lane % lanes === lane)
    .sort((a, b) => a.atMs - b.atMs)
    .flatMap(({ atMs, count }) => new Array<number>(count).fill(atMs));
}

suiteOf.run();
