import { quantile } from '../bench/quantile.ts';
import type { Config } from '../config.ts';
import { MienError } from '../errors.ts';
import type { Session } from '../inference/backend.ts';
import { createCoreScheduler } from '../inference/core-scheduler.ts';
import { type Release, selectFile, verifyFile } from '../inference/manifest-file.ts';
import type { NetworkManifest } from '../inference/model-manifest.ts';
import { createRknnBackend } from '../inference/npu/rknn-backend.ts';
import { midGrey } from '../inference/tensor-shape.ts';
import type { MeasuredLayout, PairLayout } from './tune-layouts.ts';

export interface NetworkInRelease {
  readonly release: Release;
  readonly network: NetworkManifest;
}

export interface TuneLoad {
  readonly detector: NetworkInRelease;
  readonly recognizer: NetworkInRelease;
  /** Cameras whose frames are in work at one time, and faces in each frame. */
  readonly cameras: number;
  readonly faces: number;
  readonly ms: number;
}

export interface Measurement {
  readonly layout: MeasuredLayout;
  readonly runtime: string;
  readonly simulated: boolean;
}

/**
 * Lays the networks out and runs frames as the pipeline does for so many cameras: detection, then all faces at one time. Grey pictures: an NPU
 * takes as long for any. Cores that fail are named, and the layout is measured without them; one that cannot be used at all has a fault. Errors: BACKEND_UNAVAILABLE where there
 * is no NPU; rejects with the signal's reason.
 */
export async function measureLayout(config: Config, pair: PairLayout, load: TuneLoad, signal: AbortSignal): Promise<Measurement> {
  const { detector, recognizer } = load;
  const own = (network: NetworkManifest, affinity: PairLayout['detector']) => ({ [network.name]: { ...config.npu.layouts[network.name], affinity } });
  const layouts = { ...config.npu.layouts, ...own(detector.network, pair.detector), ...own(recognizer.network, pair.recognizer) };
  const backend = await createRknnBackend({ npu: { ...config.npu, layouts } as Config['npu'], scheduler: createCoreScheduler() });
  await using resources = new AsyncDisposableStack();
  const open = async ({ release, network }: NetworkInRelease): Promise<Session> => {
    const file = selectFile(network, backend.takes.backend, backend.takes.chip, 'int8');
    return resources.use(await backend.load(network, file, await verifyFile(release, file), { signal }));
  };
  let sessions: [Session, Session] | undefined;
  try {
    sessions = [await open(detector), await open(recognizer)];
    for (const session of sessions) await session.warmUp();
    const figures = await runFrames(sessions, load, signal);
    const setAside = coresSetAside(sessions);
    return { ...aboutRuntime(sessions[0]), layout: { ...pair, figures, ...(setAside.length > 0 && { setAside }) } };
  } catch (fault) {
    signal.throwIfAborted();
    if (!(fault instanceof MienError) || fault.code === 'MODEL_NOT_FOUND' || fault.code === 'MODEL_CORRUPT') throw fault;
    return { ...aboutRuntime(sessions?.[0]), layout: { ...pair, fault: fault.message } };
  }
}

async function runFrames([detector, recognizer]: [Session, Session], { cameras, faces, ms }: TuneLoad, signal: AbortSignal) {
  const frame = midGrey(detector.info.input);
  const face = midGrey(recognizer.info.input);
  const took: number[] = [];
  const startedMs = performance.now();
  const camera = async (): Promise<void> => {
    while (performance.now() - startedMs < ms) {
      signal.throwIfAborted();
      const fromMs = performance.now();
      await detector.run(frame);
      await Promise.all(Array.from({ length: faces }, () => recognizer.run(face)));
      took.push(performance.now() - fromMs);
    }
  };
  await Promise.all(Array.from({ length: cameras }, camera));
  const framesPerSecond = took.length / ((performance.now() - startedMs) / 1000);
  return { framesPerSecond, p50Ms: quantile(took, 0.5), p95Ms: quantile(took, 0.95) };
}

function coresSetAside(sessions: readonly Session[]): number[] {
  const cores = sessions.flatMap((session) => session.cores?.status().cores ?? []);
  return [...new Set(cores.flatMap(({ core, state }) => (state === 'set-aside' ? [core] : [])))].sort();
}

function aboutRuntime(session: Session | undefined): Pick<Measurement, 'runtime' | 'simulated'> {
  return { runtime: session?.info.runtime ?? 'unknown', simulated: session?.info.simulated ?? false };
}
