/** The contract of sight as the host sees it. The child process, a simulator and a tape player all keep it. */
import type { ErrorCode } from '../errors.ts';
import type { NpuUse } from '../npu-use.ts';
import type { Box, Observation } from '../observation.ts';

export type ModelState = 'unloaded' | 'checking' | 'loading' | 'warming' | 'testing' | 'ready' | 'failed';

/** One network as /v1/models shows it. */
export interface ModelStatus {
  readonly name: string;
  readonly role: 'recognizer' | 'detector';
  readonly state: ModelState;
  readonly release: string;
  readonly version: string;
  readonly precision: 'fp32' | 'int8';
  readonly backend: string;
  readonly device: string;
  readonly runtime?: string;
  readonly npuCores: readonly number[];
  readonly simulated: boolean;
  readonly degraded: boolean;
  readonly degradedReason?: string;
  /** How it is laid over the cores of the NPU, and how these fare. */
  readonly npu?: NpuUse;
  /** On the NPU: weights count once, whatever the number of cores. */
  readonly memory?: { readonly weightBytes: number; readonly contextBytes: number };
  readonly licence: { readonly use: 'research' | 'any'; readonly name: string; readonly statement: string };
  readonly heads: readonly string[];
  readonly selftest?: { readonly passed: boolean; readonly atWallMs: number; readonly ms: number; readonly detail: string };
  readonly loadedAtWallMs?: number;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

export interface SwapRequest {
  /** Directory or model.json of the release to go to; the present one when absent. */
  readonly release?: string;
  readonly precision?: 'fp32' | 'int8';
}

/** The models proxy of the host; the model manager itself inside sight. Errors: MODEL_NOT_FOUND, MODEL_STATE and those of loading. */
export interface Models {
  list(): Promise<readonly ModelStatus[]>;
  load(name: string): Promise<ModelStatus>;
  unload(name: string): Promise<ModelStatus>;
  /** Loads and tests the new one beside the old, then changes over between two frames. On failure the old one stays. */
  swap(name: string, request: SwapRequest): Promise<ModelStatus>;
  selftest(name: string): Promise<ModelStatus>;
}

export type AnnotateStyle = 'boxes' | 'blur' | 'pixelate';

export interface AnalyzeOptions {
  /** The image is one aligned square crop: no detection, exactly one face. */
  readonly crop?: boolean;
  /** Apply quality gate, abstention and minors' rule as for a person. */
  readonly asPerson?: boolean;
  readonly annotate?: AnnotateStyle;
}

/** A gender or expression that was withheld. */
export interface Abstained {
  readonly label: 'unknown';
  readonly abstain: AbstainReason;
}
export type AbstainReason = 'too_small' | 'yaw' | 'pitch' | 'blur' | 'dark' | 'low_confidence' | 'policy';

export interface AnalyzedFace {
  /** Pixels of the upright image: [x, y, width, height]. */
  readonly box: Box;
  readonly score: number;
  readonly quality: {
    score: number;
    facePx: number;
    yawDeg: number;
    pitchDeg: number;
    rollDeg: number;
    light: number;
    sharpness: number;
  };
  readonly age?: { readonly years: number; readonly sd: number } | Abstained;
  readonly gender?: { readonly label: string; readonly p: number } | Abstained;
  readonly expression?: { readonly label: string; readonly probs: Readonly<Record<string, number>> } | Abstained;
  /** Reasons for which a person's event would have withheld something; absent when none. */
  readonly wouldAbstain?: readonly AbstainReason[];
}

export interface Analysis {
  readonly width: number;
  readonly height: number;
  readonly faces: readonly AnalyzedFace[];
  readonly ms: { readonly decode: number; readonly detect: number; readonly align: number; readonly recognise: number; readonly total: number };
  readonly origin: Observation['origin'];
  /** The drawn JPEG, when asked for. */
  readonly annotated?: Uint8Array;
}

export type CameraState = 'opening' | 'live' | 'lost' | 'ended';

export interface CameraStatus {
  readonly name: string;
  /** What it is, without credentials: `clip`, `file lobby.mp4`, `v4l2 /dev/video0`, `rtsp host:554/path`. */
  readonly source: string;
  readonly state: CameraState;
  readonly width?: number;
  readonly height?: number;
  /** Frames a second over the last five seconds: processed, not received. */
  readonly framesPerSecond: number;
  readonly received: number;
  readonly processed: number;
  readonly dropped: number;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** Notices of sight that are not observations. */
export type SightNotice =
  | { readonly type: 'camera.lost' | 'camera.restored' | 'camera.ended'; readonly camera: string; readonly message: string; readonly atMonoMs: number }
  | { readonly type: 'model.selftest'; readonly model: ModelStatus; readonly atMonoMs: number }
  | { readonly type: 'backend.degraded' | 'backend.recovered'; readonly model: ModelStatus; readonly atMonoMs: number }
  /** Sight died or hung and was started anew; every track of the run before is gone. */
  | { readonly type: 'sight.lost' | 'sight.restored'; readonly message: string; readonly atMonoMs: number };

export interface SightStatus {
  readonly state: 'starting' | 'running' | 'restarting' | 'stopped' | 'failed';
  readonly pid?: number;
  readonly restarts: number;
  readonly cameras: readonly CameraStatus[];
  /** Median and 95th percentile over the last 300 frames, milliseconds. */
  readonly latencyMs: { readonly p50: number; readonly p95: number };
  /** Why its models do less than they should: a fallback, a self-test that failed, a network that could not be loaded. Empty when all is well. */
  readonly degraded: readonly string[];
}

export interface SightListener {
  observation(observation: Observation): void;
  notice(notice: SightNotice): void;
  /** Time passes for people while no frame comes; called by a sight that `ticks` only. */
  tick?(): void;
}

export interface Sight extends AsyncDisposable {
  /** It calls `listener.tick` itself, since its time is not the host's: a tape. */
  readonly ticks?: boolean;
  readonly models: Models;
  /** Resolves when models are ready and cameras are opening. `listener` is called in order, never concurrently. */
  start(listener: SightListener, signal?: AbortSignal): Promise<void>;
  status(): SightStatus;
  /** Encoded image bytes in; decoding happens in sight only. */
  analyze(image: Uint8Array, options?: AnalyzeOptions, signal?: AbortSignal): Promise<Analysis>;
  /** JPEGs of the camera with boxes, at most `framesPerSecond`, until the iterator is returned. Nothing is encoded while nobody listens. */
  preview(camera: string, options?: { framesPerSecond?: number; width?: number }): AsyncIterableIterator<Uint8Array>;
  /** Resolves when every camera has ended (files with --once) and all observations have been handed over. */
  ended(): Promise<void>;
}
