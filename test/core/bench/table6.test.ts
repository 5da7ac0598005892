import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openNetworks } from '../../../core/src/bench/npu-networks.ts';
import { benchRelease, measureTable6 } from '../../../core/src/bench/table6.ts';
import { bundledRelease, readRelease, verifyFile } from '../../../core/src/inference/manifest-file.ts';
import { npuSimulation } from '../../../core/src/inference/npu/simulation.ts';
import { selfTest } from '../../../core/src/inference/self-test.ts';
import { Scope } from '../../../core/src/scope.ts';
import { must } from '../../support/must.ts';

const test = suite('Table 6 on the simulated NPU');

const simulatedRunUs = 2000;

test('the networks of the bench are a release whose files are those of its manifest', async () => {
  const release = await readRelease(benchRelease);
  assert.equal(
    release.manifest.networks.map(({ name }) => name),
    ['faces-pooled', 'faces-age', 'faces-gender', 'faces-expression'],
  );
  for (const { files, knownAnswers } of release.manifest.networks) {
    for (const file of files) await verifyFile(release, file);
    await verifyFile(release, { path: knownAnswers.inputs, sha256: knownAnswers.sha256 });
  }
});

test('each of them passes the self-test of a load: its outputs are finite, differ, and are its known answers', async () => {
  const release = await readRelease(benchRelease);
  const { networks } = release.manifest;
  const scope = new Scope();
  try {
    const chosen = networks.map((network) => ({ release, network, layout: { affinity: 'auto' as const } }));
    const runners = await openNetworks(scope, chosen, { simulate: npuSimulation(release) });
    for (const [i, network] of networks.entries()) {
      const inputs = await verifyFile(release, { path: network.knownAnswers.inputs, sha256: network.knownAnswers.sha256 });
      const said = await selfTest(must(runners[i]).session, network, await readFile(inputs), { answers: must(network.files[0]).answers });
      assert.match(said, /^8 known answers/);
    }
  } finally {
    await scope[Symbol.asyncDispose]();
  }
});

test('four rows, each with what the cores could do, the memory of its networks and frames that were answered', async () => {
  const release = await readRelease(bundledRelease());
  const rows = await measureTable6({ release, seconds: 0.3, simulatedRunUs }, new AbortController().signal);
  assert.is(rows.length, 4);
  assert.equal(
    rows.map(({ idealFramesPerSecond }) => Math.round(must(idealFramesPerSecond))),
    [500, 500, 500, 167],
  );
  for (const { name, npuKb, framesPerSecond, idealFramesPerSecond, cpuPercent } of rows) {
    assert.ok(npuKb > 4000, `${name}: ${npuKb} kB`);
    // The cores' clock is absolute: a loaded machine may be slower, none is faster.
    assert.ok(framesPerSecond > 0 && framesPerSecond <= must(idealFramesPerSecond) * 1.02, `${name}: ${framesPerSecond} frames a second`);
    assert.ok(cpuPercent > 0 && cpuPercent <= 101, `${name}: ${cpuPercent} %`);
  }
  const [pooled, one, atOnce, inTurn] = rows.map(({ npuKb }) => npuKb) as [number, number, number, number];
  for (const three of [atOnce, inTurn]) assert.ok(three / one > 2.7 && three / one < 3.3, `${three} kB of three networks, ${one} kB of one`);
  assert.ok(pooled / one > 0.9 && pooled / one < 1.1, `${pooled} kB pooled, ${one} kB`);
});

test('it stops when it is told to', async () => {
  const stop = new AbortController();
  stop.abort(new Error('enough'));
  const release = await readRelease(bundledRelease());
  await measureTable6({ release, seconds: 60, simulatedRunUs }, stop.signal).then(
    () => assert.unreachable('it measured'),
    (fault: Error) => assert.is(fault.message, 'enough'),
  );
});

test.run();
