import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { InferenceBackend, Session, TensorData } from '../../core/src/inference/backend.ts';
import type { ModelFile, ModelInput, NetworkManifest } from '../../core/src/inference/model-manifest.ts';
import { allocateInput, expectedOutputs } from '../../core/src/inference/tensor-shape.ts';
import { rejectsWith } from '../support/errors.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** A backend with one network that it can load. */
export interface BackendUnderTest {
  readonly backend: InferenceBackend;
  readonly network: NetworkManifest;
  readonly file: ModelFile;
  readonly path: string;
}

/** What every inference backend must do, whatever executes its networks. */
export function backendContract(name: string, prepare: () => Promise<BackendUnderTest>): void {
  const contract = suite(`backend contract: ${name}`);
  let subject: BackendUnderTest;
  let session: Session;

  contract.before(async () => {
    subject = await prepare();
  });
  contract.before.each(async () => {
    session = await open();
  });
  contract.after.each(async () => {
    await session[Symbol.asyncDispose]();
  });

  const open = (network = subject.network, options = {}) => subject.backend.load(network, subject.file, subject.path, options);
  const input = () => subject.file.input ?? subject.network.input;
  const copyOf = (outputs: Readonly<Record<string, Float32Array>>) => Object.fromEntries(Object.entries(outputs).map(([key, data]) => [key, [...data]]));
  const picture = (seed: number): TensorData => {
    const tensor = allocateInput(input());
    for (let i = 0; i < tensor.length; i += 1) tensor[i] = input().dtype === 'f32' ? Math.sin(i * 0.01 + seed) : (i * seed * 7) % 127;
    return tensor;
  };

  contract('says what it loaded', () => {
    const { info } = session;
    assert.is(info.backend, subject.backend.name);
    assert.is(info.precision, subject.file.precision);
    assert.equal(info.input, input());
    assert.ok(info.runtime.length > 0 && info.device.length > 0);
    assert.ok(Number.isInteger(info.parallel) && info.parallel >= 1);
    assert.equal(new Set(info.outputs.map((output) => output.name)), new Set(expectedOutputs(subject.network).map((output) => output.name)));
  });

  contract('answers with finite f32 outputs of the stated sizes', async () => {
    const outputs = await session.run(picture(1));
    for (const { name: output, elements } of expectedOutputs(subject.network)) {
      assert.instance(outputs[output], Float32Array);
      assert.is(outputs[output]?.length, elements);
      assert.ok(outputs[output]?.every(Number.isFinite));
    }
  });

  contract('answers the same to the same input, and something else to another', async () => {
    const first = copyOf(await session.run(picture(1)));
    const other = copyOf(await session.run(picture(2)));
    assert.equal(copyOf(await session.run(picture(1))), first);
    assert.not.equal(other, first);
  });

  contract('executes in call order, each answer to be read as it comes', async () => {
    // More than may be under way at one time, so that outputs are used again.
    const seeds = Array.from({ length: 2 * session.info.parallel + 3 }, (_, i) => i + 1);
    const alone = [];
    for (const seed of seeds) alone.push(copyOf(await session.run(picture(seed))));
    const settled: number[] = [];
    const together = await Promise.all(
      seeds.map(async (seed) => {
        // A few more microtasks, as an async caller of an async caller has.
        const outputs = await (async () => await session.run(picture(seed)))();
        settled.push(seed);
        return copyOf(outputs);
      }),
    );
    if (session.info.parallel === 1) assert.equal(settled, seeds);
    assert.equal(new Set(settled), new Set(seeds));
    assert.equal(together, alone);
  });

  contract('accounts for its memory, where it does', () => {
    const memory = session.memory?.();
    if (subject.backend.name === 'rknn') assert.ok(memory);
    if (memory) assert.ok(memory.weightBytes > 0 && memory.contextBytes >= 0);
  });

  contract('lets go of the input when it has answered', async () => {
    const tensor = picture(1);
    const outputs = await session.run(tensor);
    const before = copyOf(outputs);
    tensor.fill(0);
    assert.equal(copyOf(outputs), before);
  });

  contract('does not execute what was cancelled before, and goes on', async () => {
    const reason = new Error('not needed any more');
    const started = session.run(picture(1));
    const abort = new AbortController();
    const waiting = session.run(picture(2), { signal: abort.signal }).catch((fault: unknown) => fault);
    abort.abort(reason);
    await started;
    assert.is(await waiting, reason);
    assert.is(await session.run(picture(1), { signal: AbortSignal.abort(reason) }).catch((fault) => fault), reason);
    assert.ok(await session.run(picture(3)));
  });

  contract('refuses an input of another length or type, and goes on', async () => {
    const right = picture(1);
    const short = right.slice(0, right.length - 3);
    const wrongType = right instanceof Float32Array ? new Uint8Array(right.length) : new Float32Array(right.length);
    const error = await rejectsWith('INFERENCE_FAILED', () => session.run(short));
    assert.match(error.message, String(right.length));
    await rejectsWith('INFERENCE_FAILED', () => session.run(wrongType));
    assert.ok(await session.run(right));
  });

  contract('warms up without a trace', async () => {
    const before = copyOf(await session.run(picture(1)));
    await session.warmUp(2);
    assert.equal(copyOf(await session.run(picture(1))), before);
  });

  contract('closes after the runs called before, once, and then refuses', async () => {
    let done = 0;
    const runs = [1, 2, 3].map((seed) => session.run(picture(seed)).then(() => done++));
    await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
    assert.is(done, 3);
    await Promise.all(runs);
    await rejectsWith('MODEL_STATE', () => session.run(picture(1)));
    await session[Symbol.asyncDispose]();
  });

  contract('refuses a missing and an empty file', async () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, 'empty.onnx');
    await rejectsWith('MODEL_NOT_FOUND', () => subject.backend.load(subject.network, subject.file, path));
    writeFileSync(path, '');
    await rejectsWith('MODEL_CORRUPT', () => subject.backend.load(subject.network, subject.file, path));
  });

  contract('does not load when cancelled', async () => {
    const reason = new Error('stopping');
    assert.is(await open(subject.network, { signal: AbortSignal.abort(reason) }).catch((fault: unknown) => fault), reason);
  });

  for (const [what, edit] of [
    ['name', (i: ModelInput) => ({ ...i, name: 'somewhere-else' })],
    ['size', (i: ModelInput) => ({ ...i, width: i.width * 2 })],
    ['layout', (i: ModelInput) => ({ ...i, layout: i.layout === 'nchw' ? ('nhwc' as const) : ('nchw' as const) })],
    ['dtype', (i: ModelInput) => ({ ...i, dtype: 'i8' as const })],
  ] as const) {
    contract(`refuses a file whose input has another ${what} than the manifest says`, async () => {
      const { input: _, ...file } = subject.file;
      const network = { ...subject.network, input: edit(input()) };
      const error = await rejectsWith('MODEL_MISMATCH', () => subject.backend.load(network, file, subject.path));
      assert.match(error.message, 'manifest');
    });
  }

  contract.run();
}
