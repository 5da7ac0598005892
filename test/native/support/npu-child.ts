// A process (or a worker of it) that ends in one of several ways while the NPU is at work. Arguments: library, how.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openNpu } from '../../../native/src/npu.ts';

const [library, how] = isMainThread ? process.argv.slice(2) : (workerData as string[]);
const outputs = () => [new Float32Array(12), new Float32Array(1)];

async function open(knobs: Record<string, number>) {
  const npu = openNpu({ library: library as string, simulate: knobs });
  const model = await npu.load(Uint8Array.of(1));
  return { npu, contexts: [await model.context(1), await model.context(2), await model.context(4)] };
}

/** Keeps three contexts busy, for ever. */
async function busy(knobs: Record<string, number>): Promise<void> {
  const { contexts } = await open(knobs);
  for (const context of contexts) {
    const again = (): void => void context.run(new Uint8Array(18), outputs()).then(again, again);
    again();
    again();
  }
}

const hang = { hangAt: 1, hangMs: 3_600_000 };

const ways: Record<string, () => Promise<void>> = {
  // An idle context is no reason to stay.
  idle: async () => {
    await open({});
    console.log('idle');
  },
  // A run that is awaited is one.
  awaited: async () => {
    const { contexts } = await open({ runUs: 200_000 });
    void contexts[0]?.run(new Uint8Array(18), outputs()).then(() => console.log('ran'));
  },
  exit: async () => {
    await busy({ runUs: 3000 });
    setTimeout(() => process.exit(7), 50);
  },
  'exit while one hangs': async () => {
    await busy(hang);
    setTimeout(() => process.exit(7), 50);
  },
  throw: async () => {
    await busy({ runUs: 3000 });
    setTimeout(() => {
      throw new Error('thrown on purpose');
    }, 50);
  },
  'end after one hung': async () => {
    const { contexts } = await open(hang);
    await contexts[0]?.run(new Uint8Array(18), outputs(), 30).catch((error) => console.log(error.code));
  },
  'terminate a worker': async () => {
    if (!isMainThread) {
      await busy({ runUs: 1000 });
      parentPort?.postMessage('busy');
      return;
    }
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(new URL(import.meta.url), { workerData: [library, how] });
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    }
    console.log('terminated');
  },
  'terminate a worker that hangs': async () => {
    if (!isMainThread) {
      await busy(hang);
      parentPort?.postMessage('busy');
      return;
    }
    const worker = new Worker(new URL(import.meta.url), { workerData: [library, how] });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
    console.log('terminated');
  },
  // Words of calls that succeed are written on; those of one that fails are in its error.
  talk: async () => {
    const { npu, contexts } = await open({ talk: 1 });
    await contexts[0]?.run(new Uint8Array(18), outputs());
    openNpu({ library: library as string, simulate: { rcOfRun: -2 } });
    await contexts[0]?.run(new Uint8Array(18), outputs()).catch((error) => console.log(JSON.stringify(error.log)));
    console.error('words of JavaScript');
    await npu.close();
  },
};

await ways[how as string]?.();
