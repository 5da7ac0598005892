/** Networks on the NPU for measuring: sessions with a layout of the bench's own. */

import type { Session, TensorData } from '../inference/backend.ts';
import { createCoreScheduler } from '../inference/core-scheduler.ts';
import type { Layout } from '../inference/layout.ts';
import { type Release, selectFile, verifyFile } from '../inference/manifest-file.ts';
import type { NetworkManifest } from '../inference/model-manifest.ts';
import { createRknnBackend } from '../inference/npu/rknn-backend.ts';
import { midGrey } from '../inference/tensor-shape.ts';
import { checkConfig } from '../load-config.ts';
import type { Scope } from '../scope.ts';

export interface NpuNetwork {
  readonly release: Release;
  readonly network: NetworkManifest;
  readonly layout: Partial<Layout>;
}

/** `simulate`: settings of the simulated runtime; the board's own runtime without. */
export interface NpuBenchOptions {
  readonly simulate?: Record<string, unknown>;
  readonly library?: string;
}

/** A loaded network, and the input it is fed with. */
export interface Runner {
  readonly session: Session;
  readonly input: TensorData;
}

/** Loads the networks side by side, in a runtime and a scheduler of their own. Dispose of the scope when done. Errors: BACKEND_UNAVAILABLE and those of loading. */
export async function openNetworks(scope: Scope, networks: readonly NpuNetwork[], options: NpuBenchOptions): Promise<Runner[]> {
  const layouts = Object.fromEntries(networks.map(({ network, layout }) => [network.name, layout]));
  const { npu } = checkConfig({ npu: { ...options, layouts } });
  const backend = await createRknnBackend({ npu, scheduler: createCoreScheduler() });
  const runners: Runner[] = [];
  for (const { release, network } of networks) {
    const file = selectFile(network, 'rknn', backend.takes.chip, 'int8');
    const session = scope.use(await backend.load(network, file, await verifyFile(release, file)));
    await session.warmUp(1);
    runners.push({ session, input: midGrey(session.info.input) });
  }
  return runners;
}

/** Keeps `callers` runs of the network called until the signal is aborted; `ran` counts those that were answered. */
export async function keepBusy({ session, input }: Runner, callers: number, signal: AbortSignal, ran: () => void): Promise<void> {
  const caller = async (): Promise<void> => {
    while (!signal.aborted) {
      await session.run(input);
      ran();
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}
