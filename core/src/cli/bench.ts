import { cpus, totalmem } from 'node:os';
import { openBareSession } from '../bench/bare-session.ts';
import { budgets, type Figures, figureLines, pluginBudgets, rounded } from '../bench/figures.ts';
import { type MemoryFigures, measureHost } from '../bench/host-memory.ts';
import { type KernelFigures, measureKernels, measureWarpShare, type WarpFigures } from '../bench/kernel-speed.ts';
import { measureRatio, type RatioFigures } from '../bench/pipeline-ratio.ts';
import { measurePlugins } from '../bench/plugin-latency.ts';
import { measureThroughput, type ThroughputFigures } from '../bench/throughput.ts';
import { readTwoFaceFrame } from '../bench/two-face-frame.ts';
import { createLogger } from '../create-logger.ts';
import { MienError } from '../errors.ts';
import { bundledRelease, findNetwork, readRelease, selectFile } from '../inference/manifest-file.ts';
import { checkConfig } from '../load-config.ts';
import { openLocalSight } from '../sight/local-sight.ts';
import { untilSignalled } from './until-signalled.ts';

export interface BenchCommand {
  json?: boolean;
  /** Of the memory run, the first 500 included. Fewer than 600 make every part short, to see that it works. */
  frames: number;
  /** Measure what plugins cost instead. */
  plugins?: boolean;
  /** Measure what Mien adds to the NPU instead: `simulated`. */
  npu?: string;
  /** The paper's Table 6: on the board, or with `npu` on the simulated runtime. */
  table6?: boolean;
  /** How long, for --plugins and each row of --table6. */
  seconds: number;
}

/** Memory is first looked at after so many frames. */
const settledFrames = 500;
/** Frames over which growth has its budget. */
const fullGrowthFrames = 5000;
const ratioFrames = 400;
const clipFrames = 330;

interface InProcess {
  readonly pipeline: RatioFigures;
  readonly kernels: KernelFigures;
  readonly warp: WarpFigures;
  readonly jpegDecodeMs: number;
}

/** `mien bench`. A figure over its budget is marked, and is no error: the exit code tells only whether everything could be measured. */
export async function bench({ json = false, frames, plugins = false, npu, table6 = false, seconds }: BenchCommand): Promise<void> {
  if (table6) return (await import('./bench-npu.ts')).benchTable6(npu, seconds, json);
  if (npu !== undefined) return (await import('./bench-npu.ts')).benchNpu(npu, json);
  if (plugins) return benchPlugins(seconds, json);
  if (process.platform !== 'linux')
    throw new MienError('BACKEND_UNAVAILABLE', `mien bench reads memory from /proc and so needs Linux; this is ${process.platform}`);
  const stop = untilSignalled();
  const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);
  const config = checkConfig({ cameras: [{ source: 'clip' }], log: { level: 'warn' } });
  try {
    say('pipeline against bare sessions, kernels against their reference');
    const inProcess = await measureInProcess(config, frames, stop.signal);
    say('clip through the sight process');
    const throughput = await measureThroughput(config, Math.min(frames, clipFrames - 1), stop.signal);
    say(`memory and event loop over ${frames} frames`);
    const memory = await measureHost(config.model, Math.min(settledFrames, frames / 2), frames, stop.signal);
    const figures = figuresOf(inProcess, throughput, memory);
    if (json) {
      const model = { detector: config.model.detector, precision: config.model.precision, threads: config.model.threads };
      process.stdout.write(`${JSON.stringify(rounded({ ...figures, detail: { machine: machine(), model, ...inProcess, throughput, memory } }))}\n`);
      return;
    }
    for (const line of [...figureLines(figures, budgets), ...remarks(inProcess, memory)]) process.stdout.write(`${line}\n`);
  } catch (fault) {
    if (!stop.signal.aborted) throw fault;
    process.exitCode = 1;
  } finally {
    stop[Symbol.dispose]();
  }
}

export function machine(): object {
  return { cpu: cpus()[0]?.model, cores: cpus().length, memoryGb: totalmem() / 1e9, node: process.version };
}

/** `mien bench --plugins`. */
async function benchPlugins(seconds: number, json: boolean): Promise<void> {
  const load = { plugins: 10, people: 10, framesPerSecond: 30, seconds };
  const stop = untilSignalled();
  try {
    process.stderr.write(
      `bench: ${load.plugins} plugins in processes of their own, ${load.people} virtual people, ${load.framesPerSecond} observations a second, ${seconds} s\n`,
    );
    const { figures, ...detail } = await measurePlugins(load, stop.signal);
    if (json) {
      process.stdout.write(`${JSON.stringify(rounded({ ...figures, detail: { machine: machine(), load, ...detail } }))}\n`);
      return;
    }
    for (const line of figureLines(figures, pluginBudgets)) process.stdout.write(`${line}\n`);
    const { events, snapshotsPerSecond, observationsPerSecond, dropped } = rounded(detail);
    process.stdout.write(
      `\n${events} events and ${snapshotsPerSecond} snapshots a second reached handlers, of ${observationsPerSecond} observations a second; ${dropped} events dropped\n`,
    );
  } catch (fault) {
    if (!stop.signal.aborted) throw fault;
    process.exitCode = 1;
  } finally {
    stop[Symbol.dispose]();
  }
}

async function measureInProcess(config: ReturnType<typeof checkConfig>, frames: number, signal: AbortSignal): Promise<InProcess> {
  const { detector: detectorName, precision, threads } = config.model;
  const release = await readRelease(config.model.release ?? bundledRelease());
  const detector = findNetwork(release, detectorName);
  const recognizer = release.manifest.networks.find(({ role }) => role === 'recognizer') ?? detector;
  const inputOf = (network: typeof detector) => selectFile(network, 'onnx', 'cpu', precision).input ?? network.input;
  const rounds = Math.min(frames, ratioFrames);
  const { pixels, jpegDecodeMs } = await readTwoFaceFrame();
  const { models } = await openLocalSight(config, createLogger({ level: 'warn', name: 'bench' }), signal);
  await using _ = models;
  await using bareDetector = await openBareSession(release, detector, precision, threads);
  await using bareRecognizer = await openBareSession(release, recognizer, precision, threads);
  const pipeline = await measureRatio(pixels, models, { detector: bareDetector, recognizer: bareRecognizer }, rounds);
  signal.throwIfAborted();
  const warp = await measureWarpShare(pixels, inputOf(recognizer), bareRecognizer, rounds);
  signal.throwIfAborted();
  return { pipeline, kernels: measureKernels(pixels, inputOf(detector), inputOf(recognizer), Math.max(5, rounds / 10)), warp, jpegDecodeMs };
}

function figuresOf({ pipeline, kernels, warp }: InProcess, throughput: ThroughputFigures, memory: MemoryFigures): Figures {
  return {
    ratio: pipeline.ratio,
    framesPerSecond: throughput.framesPerSecond,
    kernelSpeedup: kernels.kernelSpeedup,
    warpShare: warp.warpShare,
    rssMb: memory.rssMb,
    rssRawMb: memory.rssRawMb,
    rssGrowth: memory.rssGrowth,
    loopDelayP99Ms: memory.loopDelayP99Ms,
  };
}

function* remarks({ pipeline, jpegDecodeMs }: InProcess, { first, last }: MemoryFigures): Generator<string> {
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  yield '';
  yield `frame ${ms(pipeline.frameMs)}: detection ${ms(pipeline.detectMs)} (${pipeline.detectorRunsPerFrame.toFixed(1)} runs of ${ms(pipeline.bareDetectorMs)}), alignment ${ms(pipeline.alignMs)}, recognition ${ms(pipeline.recogniseMs)} (2 runs of ${ms(pipeline.bareRecognizerMs)}); decoding a JPEG of the clip takes ${ms(jpegDecodeMs)} more`;
  yield `memory after ${first.frames} frames: host ${first.hostPssMb.toFixed(0)} MB, sight ${first.sightPssMb.toFixed(0)} MB; after ${last.frames}: ${last.hostPssMb.toFixed(0)} MB, ${last.sightPssMb.toFixed(0)} MB`;
  if (last.frames < fullGrowthFrames + settledFrames)
    yield `short run: the budget of growth is over ${fullGrowthFrames} frames after the first ${settledFrames} (--frames ${fullGrowthFrames + settledFrames})`;
  yield 'over budget is marked and does not change the exit code';
}
