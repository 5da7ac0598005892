/**
 * - `library-missing`, `library-unusable`: no such file; found, but it does not load or lacks a symbol (the message names it).
 * - `not-simulated`: settings for a simulation, but the library is a real runtime.
 * - `invalid-argument`: refused before the runtime was called.
 * - `call-failed`: the runtime answered an error; `call`, `rc` and `log` say what.
 * - `bad-result`: the runtime answered 0, but what it gave cannot be so.
 * - `unsupported`: a model that this addon does not run (several inputs, an unknown tensor type).
 * - `hung`: a call passed its deadline; the context is lost. `lost`: the context was lost before this call came to its turn.
 * - `busy`: one run is under way and one waits already. `closed`: the context, model or runtime was closed.
 */
export type NpuErrorCode =
  | 'library-missing'
  | 'library-unusable'
  | 'not-simulated'
  | 'invalid-argument'
  | 'call-failed'
  | 'bad-result'
  | 'unsupported'
  | 'hung'
  | 'lost'
  | 'busy'
  | 'closed';

export interface NpuFault {
  readonly code: NpuErrorCode;
  readonly message: string;
  /** The runtime's function, such as `rknn_init`. */
  readonly call?: string;
  /** What it returned. */
  readonly rc?: number;
  /** What the runtime wrote to stderr meanwhile. */
  readonly log?: string;
}

export class NpuError extends Error {
  readonly code: NpuErrorCode;
  readonly call: string | undefined;
  readonly rc: number | undefined;
  /** Empty where the runtime wrote nothing. */
  readonly log: string;

  constructor(fault: NpuFault) {
    super(fault.message);
    this.name = 'NpuError';
    this.code = fault.code;
    this.call = fault.call;
    this.rc = fault.rc;
    this.log = fault.log ?? '';
  }
}
