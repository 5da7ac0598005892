import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MienError } from '../../../core/src/errors.ts';
import type { CoresHealth } from '../../../core/src/inference/backend.ts';
import type { Lane } from '../../../core/src/inference/core-lane.ts';
import { CoreFault } from '../../../core/src/inference/core-run.ts';
import { createCoreScheduler } from '../../../core/src/inference/core-scheduler.ts';
import type { Affinity, Layout } from '../../../core/src/inference/layout.ts';
import { CoreModel, single } from '../../support/core-model.ts';
import { rejectsWith } from '../../support/errors.ts';

const suiteOf = suite('core scheduler');

const layout = (affinity: Affinity, priority: Layout['priority'] = 'interactive'): Layout => ({ affinity, priority, deadlineMs: 2000 });

function stage() {
  const model = new CoreModel();
  const scheduler = createCoreScheduler(model);
  const open = (name: string, runMs: number, how: Layout) => scheduler.open({ name, layout: how, ...model.lane(name, runMs) });
  return { model, open };
}

/** Calls numbered runs; `answers` grows as they settle, faults as their messages. */
function call(lane: Lane, from: number, count: number): { readonly answers: Array<number | string>; readonly all: Promise<unknown> } {
  const answers: Array<number | string> = [];
  const runs = Array.from({ length: count }, (_, i) =>
    lane.run(Float32Array.of(from + i)).then(
      (outputs) => answers.push(outputs['run']?.[0] ?? -1),
      (fault) => answers.push((fault as Error).message),
    ),
  );
  return { answers, all: Promise.all(runs) };
}

suiteOf('a lane uses every core at once, and a busy core has its next run inside', async () => {
  const { model, open } = stage();
  const faces = open('faces', 10, layout('auto'));
  assert.is(faces.parallel, 6);
  const { answers } = call(faces, 0, 9);
  assert.equal(model.executed.map(({ place }) => place.index).sort(), [0, 0, 1, 1, 2, 2]);
  assert.is(faces.status().waiting, 3);
  await model.pass(30);
  assert.equal(answers.sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.is(Math.max(...model.executed.map(({ endsMs }) => endsMs)), 30);
});

suiteOf('auto stays on a core, spread goes round, pinned stays where it is told to', async () => {
  const { model, open } = stage();
  const used = async (affinity: Affinity) => {
    const lane = open('n', 1, layout(affinity));
    const from = model.executed.length;
    for (let i = 0; i < 6; i += 1) {
      const { all } = call(lane, i, 1);
      await model.pass(model.nowMs() + 1);
      await all;
    }
    await lane.close();
    return model.executed.slice(from).map(({ place }) => place.index);
  };
  assert.equal(await used('auto'), [0, 0, 0, 0, 0, 0]);
  assert.equal(await used('spread'), [0, 1, 2, 0, 1, 2]);
  assert.equal(await used({ pinned: [2] }), [2, 2, 2, 2, 2, 2]);
  assert.equal(new Set(await used({ pinned: [1, 2] })), new Set([1]));
});

suiteOf('no core waits while a run waits inside another', async () => {
  const { model, open } = stage();
  const faces = open('faces', 10, layout('auto'));
  call(faces, 0, 3);
  call(faces, 3, 1);
  assert.is(model.executed.length, 3, 'a fourth run waits for whichever core is free first');
  await model.pass(10);
  assert.is(model.executed[3]?.beganMs, 10);
});

suiteOf('an interactive run among 100 queued analytics ones answers within two run times', async () => {
  for (const affinity of ['auto', { pinned: [1] }] as const) {
    for (let phase = 0; phase < 10; phase += 1) {
      const { model, open } = stage();
      const crowd = open('crowd', 10, layout(affinity, 'analytics'));
      const face = open('face', 10, layout(affinity));
      call(crowd, 0, 100);
      await model.pass(20 + phase);
      const askedMs = model.nowMs();
      const { answers } = call(face, 0, 1);
      await model.pass(askedMs + 20);
      assert.equal(answers, [0], `asked ${phase} ms after a start, ${JSON.stringify(affinity)}`);
    }
  }
});

suiteOf('analytics runs are not left out for good', async () => {
  const { model, open } = stage();
  const crowd = open('crowd', 10, layout({ pinned: [0] }, 'analytics'));
  const face = open('face', 10, layout({ pinned: [0] }));
  const { answers } = call(crowd, 0, 3);
  call(face, 0, 100);
  await model.pass(350);
  assert.equal(answers, [0, 1, 2]);
  const order = model.executed.map(({ lane }) => lane);
  const [, second, third] = order.flatMap((lane, i) => (lane === 'crowd' ? [i] : []));
  assert.is((third ?? 0) - (second ?? 0), 9, 'eight interactive ones go between');
});

suiteOf('lanes of one priority take turns, whoever has called more', async () => {
  const { model, open } = stage();
  const many = open('many', 10, layout({ pinned: [0] }));
  const few = open('few', 10, layout({ pinned: [0] }));
  call(many, 0, 50);
  call(few, 0, 2);
  await model.pass(70);
  assert.ok(model.executed.filter(({ lane, endsMs }) => lane === 'few' && endsMs <= 60).length === 2);
});

suiteOf('a fused run has its cores to itself, and comes to its turn among single ones', async () => {
  const { model, open } = stage();
  const fused = open('fused', 4, layout({ fused: [0, 1, 2] }));
  const faces = open('faces', 10, layout('auto'));
  call(faces, 0, 40);
  const { answers } = call(fused, 0, 3);
  await model.pass(200);
  assert.equal(answers, [0, 1, 2]);
  assert.ok((model.executed.find(({ lane }) => lane === 'fused')?.beganMs ?? 99) <= 30, 'its cores are kept for it');
  for (const one of model.executed.filter(({ lane }) => lane === 'fused')) {
    assert.equal(one.place.cores, [0, 1, 2]);
    const beside = model.executed.filter((other) => other !== one && other.beganMs < one.endsMs && other.endsMs > one.beganMs);
    assert.equal(beside, []);
  }
});

suiteOf('a run that was cancelled before its turn is not executed; one that had begun rejects at its end', async () => {
  const { model, open } = stage();
  const faces = open('faces', 10, layout({ pinned: [0] }));
  const { signal, abort } = (() => {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort(new Error('no longer wanted')) };
  })();
  const outcomes: string[] = [];
  const note = (name: string, run: Promise<unknown>) =>
    run.then(
      () => outcomes.push(`${name} done`),
      (fault) => outcomes.push(`${name} ${fault.message}`),
    );
  note('begun', faces.run(Float32Array.of(0), { signal }));
  note('second', faces.run(Float32Array.of(1)));
  note('waiting', faces.run(Float32Array.of(2), { signal }));
  note('last', faces.run(Float32Array.of(3)));
  abort();
  await model.pass(30);
  assert.equal(outcomes.sort(), ['begun no longer wanted', 'last done', 'second done', 'waiting no longer wanted']);
  assert.equal(
    model.executed.map(({ run }) => run),
    [0, 1, 3],
  );
});

suiteOf('a core on which runs fail is set aside, its runs are made elsewhere, and it comes back with a new context', async () => {
  const { model, open } = stage();
  const told: CoresHealth[] = [];
  const faces = open('faces', 10, layout('auto'));
  const crowd = open('crowd', 10, layout('auto', 'analytics'));
  faces.watch((health) => told.push(health));
  let broken = true;
  model.faultOf = (place) => (broken && place.cores.includes(1) ? 'failed' : undefined);
  model.renews = () => !broken;
  const { answers } = call(faces, 0, 6);
  await model.pass(40);
  assert.equal(answers.sort(), [0, 1, 2, 3, 4, 5]);
  assert.equal(new Set(model.renewed), new Set(['faces 1']));
  assert.match(told.at(-1)?.reasons.join() ?? '', /^core 1 of the NPU is set aside: .* mien doctor/);
  assert.is(told.at(-1)?.exhausted, false);
  assert.equal(
    faces.status().cores.map(({ core, state }) => `${core} ${state}`),
    ['0 ok', '1 set-aside', '2 ok'],
  );
  assert.match(crowd.health().reasons.join(), 'core 1', 'the run went well elsewhere, so it is the core: others leave it too');
  call(crowd, 0, 6);
  await model.pass(90);
  assert.ok(model.executed.every(({ place }) => place.index !== 1));
  broken = false;
  await model.pass(10_000);
  assert.equal(faces.health(), { reasons: [], exhausted: false });
  assert.equal(crowd.health().reasons, []);
  call(faces, 10, 3);
  assert.ok(model.executed.slice(-3).some(({ place }) => place.index === 1));
});

suiteOf('a network that fails everywhere takes no core from the others', async () => {
  const { model, open } = stage();
  const sick = open('sick', 10, layout('auto'));
  const well = open('well', 10, layout('auto'));
  model.faultOf = (_, lane) => (lane === 'sick' ? 'failed' : undefined);
  model.renews = () => false;
  const { answers } = call(sick, 0, 2);
  await model.pass(100);
  assert.is(answers.length, 2);
  assert.ok(answers.every((answer) => typeof answer === 'string'));
  assert.is(sick.health().exhausted, true);
  assert.equal(well.health(), { reasons: [], exhausted: false });
  const error = await rejectsWith('INFERENCE_FAILED', () => sick.run(Float32Array.of(9)));
  assert.match(error.message, 'No core of the NPU can run sick. core 0: no context on core 0');
});

suiteOf('a hang sets the core aside for everybody; the run behind it is not lost', async () => {
  const { model, open } = stage();
  const faces = open('faces', 10, layout('auto'));
  const crowd = open('crowd', 10, layout('auto', 'analytics'));
  model.faultOf = (place, _, run) => (place.index === 0 && run < 2 ? 'hung' : undefined);
  model.renews = () => false;
  const { answers } = call(faces, 0, 6);
  await model.pass(2000);
  assert.match(crowd.health().reasons.join(), 'core 0 of the NPU is set aside', 'before anything went well elsewhere');
  await model.pass(2100);
  assert.equal(answers.sort(), [0, 1, 2, 3, 4, 5]);
});

suiteOf('runs that failed are made again before those that were called later, in their order', async () => {
  const { model, open } = stage();
  const faces = open('faces', 10, layout({ pinned: [0] }));
  model.renews = (place) => place.index === 0;
  const failing = new Set([0, 1]);
  model.faultOf = (_, __, run) => (failing.delete(run) ? 'failed' : undefined);
  call(faces, 0, 5);
  await model.pass(200);
  assert.equal(
    model.executed.map(({ run }) => run),
    [0, 1, 2, 3, 4],
  );
});

suiteOf('a run that failed on a core is made on another, also when the first is well again at once', async () => {
  const { model, open } = stage();
  const faces = open('faces', 10, layout('auto'));
  let tries = 0;
  model.faultOf = (place, _, run) => {
    if (run !== 0) return undefined;
    tries += 1;
    return place.index === 0 ? 'failed' : undefined;
  };
  const { answers } = call(faces, 0, 12);
  await model.pass(200);
  assert.is(answers.length, 12);
  assert.is(tries, 2);
});

suiteOf('a pinned network moves to another core while its own is set aside, after a test there', async () => {
  const { model, open } = stage();
  const faces = open('faces', 10, layout({ pinned: [0] }));
  const tested: number[] = [];
  await faces.prove(async (core) => {
    tested.push(core);
    return 'all well';
  });
  let broken = true;
  model.faultOf = (place) => (broken && place.index === 0 ? 'failed' : undefined);
  model.renews = (place) => !broken || place.index !== 0;
  const { answers } = call(faces, 0, 3);
  await model.pass(100);
  assert.equal(answers.sort(), [0, 1, 2]);
  assert.equal(new Set(model.executed.map(({ place }) => place.index).concat(tested)), new Set([0, 1, 2]));
  assert.is(faces.health().exhausted, false);
  broken = false;
  await model.pass(20_000);
  call(faces, 10, 1);
  assert.is(model.executed.at(-1)?.place.index, 0, 'and back');
});

suiteOf('attempts to get a core back come ever more seldom, also when it works for a moment in between', async () => {
  const { model, open } = stage();
  const faces = open('faces', 1, layout('auto'));
  model.faultOf = (place) => (place.index === 2 ? 'failed' : undefined);
  const untilMs = 60_000;
  const feed = (atMs: number): void => {
    if (atMs >= untilMs) return;
    model.at(atMs, () => {
      call(faces, 0, 3);
      feed(atMs + 50);
    });
  };
  feed(0);
  await model.pass(untilMs);
  assert.ok(model.renewed.length >= 3 && model.renewed.length <= 12, `${model.renewed.length} new contexts in a minute`);
  await faces.close();
});

suiteOf('cores that fail their test at the load are set aside while others pass; none passing refuses the network', async () => {
  const { model, open } = stage();
  const faces = open('faces', 10, layout('auto'));
  const crowd = open('crowd', 10, layout('auto', 'analytics'));
  const wrong = new MienError('SELFTEST_FAILED', 'age is 7, expected 30');
  const found = await faces.prove(async (core) => {
    if (core === 1) throw wrong;
    return 'fine';
  });
  assert.is(found, 'cores 0 and 2: fine; core 1 is set aside: age is 7, expected 30');
  assert.match(faces.health().reasons.join(), 'core 1 of the NPU is set aside: age is 7, expected 30. Mien goes on');
  assert.match(crowd.health().reasons.join(), 'core 1 of the NPU is set aside', 'others leave it too');
  await model.pass(20_000);
  assert.ok(model.renewed.length > 1, 'a new context alone does not bring it back');
  call(faces, 0, 6);
  assert.ok(model.executed.every(({ place }) => place.index !== 1));
  const other = open('other', 10, layout('auto'));
  await rejectsWith('SELFTEST_FAILED', () => other.prove(() => Promise.reject(wrong)));
  const cancelled = new Error('cancelled');
  try {
    await other.prove((core) => (core === 0 ? Promise.resolve('fine') : Promise.reject(cancelled)));
    assert.unreachable();
  } catch (fault) {
    assert.is(fault, cancelled);
  }
  assert.ok(other.health().reasons.every((reason) => !reason.includes('cancelled')));
});

suiteOf('a test runs on the core it names, also when that is set aside or busy, and does not stand for others', async () => {
  const { model, open } = stage();
  const faces = open('faces', 10, layout('auto'));
  model.renews = () => false;
  faces.setAside(single(1), new CoreFault('failed', 'no context'));
  call(faces, 0, 12);
  const outcome = faces.run(Float32Array.of(77), { npuCore: 1 });
  const second = faces.run(Float32Array.of(78), { npuCore: 2 });
  await model.pass(100);
  assert.is((await outcome)['run']?.[0], 77);
  assert.is((await second)['run']?.[0], 78);
  assert.equal(
    [77, 78].map((run) => model.executed.find((one) => one.run === run)?.place.index),
    [1, 2],
  );
  await rejectsWith('INFERENCE_FAILED', () => faces.run(Float32Array.of(0), { npuCore: 5 }));
});

suiteOf('closing waits for what was called, refuses the rest, and gives the cores back', async () => {
  const { model, open } = stage();
  const faces = open('faces', 10, layout('auto'));
  const { answers } = call(faces, 0, 9);
  let closed = false;
  const closing = faces.close().then(() => {
    closed = true;
  });
  await rejectsWith('MODEL_STATE', () => faces.run(Float32Array.of(0)));
  await model.pass(20);
  assert.is(closed, false);
  await model.pass(40);
  assert.is(answers.length, 9);
  await closing;
  await faces.close();
});

suiteOf('an input fault is told to its caller and blames no core', async () => {
  const { open } = stage();
  const scheduler = createCoreScheduler();
  const lane = scheduler.open({
    name: 'strict',
    layout: layout('auto'),
    execute: () => Promise.reject(new MienError('INFERENCE_FAILED', 'too short')),
    renew: async () => {},
  });
  const throwing = scheduler.open({
    name: 'throwing',
    layout: layout('auto'),
    execute: () => {
      throw new MienError('INFERENCE_FAILED', 'thrown at once');
    },
    renew: async () => {},
  });
  assert.is((await rejectsWith('INFERENCE_FAILED', () => lane.run(Float32Array.of(0)))).message, 'too short');
  assert.is((await rejectsWith('INFERENCE_FAILED', () => throwing.run(Float32Array.of(0)))).message, 'thrown at once');
  assert.equal(lane.health().reasons, []);
  await rejectsWith('CONFIG_INVALID', () => void open('nowhere', 1, layout({ pinned: [3] })));
  await rejectsWith('CONFIG_INVALID', () => void open('nowhere', 1, layout({ fused: [1, 2] })));
});

suiteOf('says how busy each core is', async () => {
  const { model, open } = stage();
  const faces = open('faces', 10, layout({ pinned: [1] }));
  for (let i = 0; i < 50; i += 1) {
    call(faces, i, 1);
    await model.pass((i + 1) * 20);
  }
  const [core] = faces.status().cores;
  assert.is(core?.core, 1);
  assert.is(core?.runs, 50);
  assert.ok(Math.abs((core?.busyShare ?? 0) - 0.5) < 0.02, `busy ${core?.busyShare}`);
  await model.pass(20_000);
  assert.ok((faces.status().cores[0]?.busyShare ?? 1) < 0.1);
});

suiteOf.run();
