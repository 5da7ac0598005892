import type { CoreMask, NpuContext, NpuLoadOptions, NpuMemory, NpuModel, NpuRuntime, NpuTensor } from '@mien/native/npu';
import { NpuError, type NpuFault } from '@mien/native/npu';

export interface FakeNpuRun {
  readonly coreMask: CoreMask;
  readonly input: Uint8Array;
  readonly outputs: readonly Float32Array[];
  readonly deadlineMs: number;
  readonly index: number;
}

/** What a made-up NPU does; every part may be left out. */
export interface FakeNpu {
  readonly simulated?: boolean;
  readonly apiVersion?: string;
  readonly dupContext?: boolean;
  readonly inputs?: readonly NpuTensor[];
  readonly outputs?: readonly NpuTensor[];
  /** Called by each load; a throw is its failure. */
  readonly load?: (options: NpuLoadOptions) => void;
  /** Called for each context; a throw is its failure. */
  readonly context?: (coreMask: CoreMask) => void;
  /** Called for each run on each context, counted from 0 over all: may write the outputs, wait, or throw. */
  readonly run?: (at: FakeNpuRun) => void | Promise<void>;
}

export const tensor = (name: string, dims: readonly number[], more: Partial<NpuTensor> = {}): NpuTensor => {
  const elements = dims.reduce((product, n) => product * n, 1);
  return {
    name,
    dims,
    format: dims.length === 4 ? 'nhwc' : 'undefined',
    type: 'i8',
    zeroPoint: 0,
    scale: 1,
    elements,
    size: elements,
    sizeWithStride: elements,
    wStride: 0,
    ...more,
  };
};

export const npuFault = (fault: Partial<NpuFault>): NpuError => new NpuError({ code: 'call-failed', message: 'it failed', ...fault });

/** What tests look at. */
export interface FakeNpuLog {
  readonly runtime: NpuRuntime;
  readonly contexts: Array<{ readonly coreMask: CoreMask; closed: boolean; lost: boolean }>;
  modelsOpen: number;
  priorities: Array<NpuLoadOptions['priority']>;
}

/** The boundary to the native side, without any: contexts run one at a time and in call order, memory is 1000 bytes of weights and 10 a context. */
export function fakeNpu(script: FakeNpu = {}): FakeNpuLog {
  let runs = 0;
  const log: FakeNpuLog = { runtime: undefined as unknown as NpuRuntime, contexts: [], modelsOpen: 0, priorities: [] };

  function openContext(coreMask: CoreMask): NpuContext {
    script.context?.(coreMask);
    const state = { coreMask, closed: false, lost: false };
    log.contexts.push(state);
    let tail: Promise<unknown> = Promise.resolve();
    let inside = 0;
    return {
      coreMask,
      get lost() {
        return state.lost;
      },
      memory: () => ({ weightBytes: 1000, internalBytes: 10, dmaBytes: 10 }),
      async run(input, outputs, deadlineMs = 6000) {
        if (state.closed) throw npuFault({ code: 'closed', message: 'the context is closed' });
        if (inside === 2) throw npuFault({ code: 'busy', message: 'two runs are inside' });
        inside += 1;
        const copy = input.slice();
        const turn = tail.then(async () => {
          // As on the real thing, an answer comes in a macrotask of its own.
          await new Promise((resolve) => setImmediate(resolve));
          if (state.lost) throw npuFault({ code: 'lost', message: 'the context is lost' });
          await script.run?.({ coreMask, input: copy, outputs, deadlineMs, index: runs++ });
        });
        tail = turn.catch((fault) => {
          if (fault instanceof NpuError && fault.code === 'hung') state.lost = true;
        });
        await turn.finally(() => {
          inside -= 1;
        });
        return 100;
      },
      async close() {
        await tail;
        state.closed = true;
      },
    };
  }

  const memory = (): NpuMemory => ({ weightBytes: 1000, internalBytes: 10, dmaBytes: 1010 });
  const has = { dupContext: script.dupContext ?? true, zeroCopy: true, memSync: true, setCoreMask: true };
  const runtime: NpuRuntime = {
    libraryPath: '/usr/lib/librknnrt.so',
    apiVersion: script.apiVersion ?? '1.5.2 (made up)',
    driverVersion: '0.9.8',
    simulated: script.simulated ?? true,
    has,
    async load(_model, options = {}) {
      script.load?.(options);
      log.priorities.push(options.priority);
      log.modelsOpen += 1;
      const contexts: NpuContext[] = [];
      let closing: Promise<void> | undefined;
      const model: NpuModel = {
        inputs: script.inputs ?? [],
        outputs: script.outputs ?? [],
        memory,
        async context(coreMask) {
          const context = openContext(coreMask);
          contexts.push(context);
          return context;
        },
        close() {
          closing ??= Promise.all(contexts.map((context) => context.close())).then(() => {
            log.modelsOpen -= 1;
          });
          return closing;
        },
      };
      return model;
    },
    async close() {},
  };
  return Object.assign(log, { runtime });
}
