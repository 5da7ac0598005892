import type { NpuMemory, NpuTensor } from './npu.ts';
import type { NpuFault } from './npu-error.ts';

/** What a loaded model says of itself. */
export interface Description {
  readonly apiVersion: string;
  readonly driverVersion: string;
  readonly inputs: readonly NpuTensor[];
  readonly outputs: readonly NpuTensor[];
}

export interface Opened {
  readonly fault?: NpuFault;
  readonly library: number;
  readonly path: string;
  readonly version: string;
  readonly simulated: boolean;
  readonly dupContext: boolean;
  readonly zeroCopy: boolean;
  readonly memSync: boolean;
  readonly setCoreMask: boolean;
}

export type OnRan = (slot: number, us: number, fault: NpuFault | undefined) => void;
export type OnReply = (ticket: number, fault: NpuFault | undefined, description: Description | undefined, memory: NpuMemory) => void;

/**
 * The compiled module's functions for the NPU; see addon/npu/host.cc. A worker is a number: one thread and at most one context. Tasks answer whether
 * they were taken (not after `end`, nor when the context is lost); their reply comes by `onReply`.
 */
export interface NpuFunctions {
  open(places: readonly string[], settings?: string): Opened;
  /** 0 where the system gives no thread. */
  start(library: number, onRan: OnRan, onReply: OnReply): number;
  init(worker: number, ticket: number, deadlineMs: number, model: Uint8Array, flags: number): boolean;
  duplicate(worker: number, ticket: number, deadlineMs: number, child: number): boolean;
  bind(worker: number, ticket: number, deadlineMs: number, coreMask: number, zeroCopy: boolean): boolean;
  shape(worker: number, inputBytes: number, outputs: Float32Array): void;
  unbind(worker: number, ticket: number, deadlineMs: number): boolean;
  end(worker: number, ticket: number, deadlineMs: number): boolean;
  /** The slot; -1: busy; -2: not a Uint8Array of the input's length. */
  run(worker: number, input: Uint8Array, deadlineMs: number): number;
  /** Milliseconds left; infinite: nothing under way; below zero: the context is lost, in the code of host.cc. */
  check(worker: number): number;
  forget(worker: number): void;
}
