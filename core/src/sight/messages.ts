/**
 * What host and sight say to each other over the child's IPC channel (structured clone). No pixels: encoded images only, and a
 * preview only while somebody subscribes.
 */
import type { Config } from '../config.ts';
import type { ErrorCode } from '../errors.ts';
import type { LogLevel } from '../log.ts';
import type { Observation } from '../observation.ts';
import type { Analysis, AnalyzeOptions, ModelStatus, SightNotice, SightStatus, SwapRequest } from './sight.ts';

/** What every beat tells of sight. */
export type SightHealth = Pick<SightStatus, 'cameras' | 'latencyMs' | 'degraded'>;

/** What one run of sight is started with. */
export interface SightStart {
  readonly config: Config;
  /** Id of this run, in every observation. */
  readonly run: string;
  /** Every camera plays once, frame by frame, and then ends. */
  readonly once: boolean;
  /** Why `model.backend: auto` leaves the NPU alone this time. */
  readonly withoutNpu?: string;
}

/** A `MienError` as it crosses the processes. */
export type PlainError = { readonly code: ErrorCode; readonly message: string };

/** Questions with one answer, by method. */
export interface Questions {
  readonly 'models.list': object;
  readonly 'models.load': { readonly name: string };
  readonly 'models.unload': { readonly name: string };
  readonly 'models.selftest': { readonly name: string };
  readonly 'models.swap': { readonly name: string; readonly swap: SwapRequest };
  readonly analyze: { readonly image: Uint8Array; readonly options: AnalyzeOptions };
}
export type Method = keyof Questions;
export type Question<M extends Method> = { readonly method: M } & Questions[M];
export type Request = { [M in Method]: Question<M> }[Method];

export interface Answers {
  readonly 'models.list': readonly ModelStatus[];
  readonly 'models.load': ModelStatus;
  readonly 'models.unload': ModelStatus;
  readonly 'models.selftest': ModelStatus;
  readonly 'models.swap': ModelStatus;
  readonly analyze: Analysis;
}

export interface PreviewOptions {
  readonly framesPerSecond?: number;
  /** Pixels; the height follows. */
  readonly width?: number;
}

export type ToSight =
  | { readonly type: 'start'; readonly start: SightStart }
  | { readonly type: 'stop' }
  | { readonly type: 'request'; readonly id: number; readonly request: Request }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'preview.open'; readonly id: number; readonly camera: string; readonly options: PreviewOptions }
  | { readonly type: 'preview.close'; readonly id: number }
  /** What became of the program that the host runs for a camera. */
  | { readonly type: 'feed'; readonly id: number; readonly news: FeedNews };

/** News of the program that feeds a camera's socket: `lost` will be tried again, `exited` is the last word. */
export interface FeedNews {
  readonly kind: 'lost' | 'exited';
  readonly error?: PlainError;
}

/** A line for the host's log; `fields` can be cloned. */
export interface LogLine {
  readonly level: Exclude<LogLevel, 'silent'>;
  readonly fields: object;
  readonly message: string;
}

export type ToHost =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: PlainError }
  | ({ readonly type: 'log' } & LogLine)
  /** Sent several times a second while every frame loop is alive. */
  | { readonly type: 'beat'; readonly seen: SightHealth }
  | { readonly type: 'observation'; readonly observation: Observation }
  | { readonly type: 'notice'; readonly notice: SightNotice }
  | { readonly type: 'answer'; readonly id: number; readonly value?: Answers[keyof Answers]; readonly error?: PlainError }
  | { readonly type: 'preview'; readonly id: number; readonly jpeg: Uint8Array }
  | { readonly type: 'preview.end'; readonly id: number; readonly error?: PlainError }
  /** Every camera has ended and all its observations were sent before this. */
  | { readonly type: 'ended' }
  /** Asks the host to run a program that writes the camera's frames to a socket on which sight listens. */
  | { readonly type: 'feed.open'; readonly id: number; readonly camera: string; readonly socketPath: string }
  | { readonly type: 'feed.close'; readonly id: number };
