/** The closed list of everything that can go wrong in Mien by name. Cancelling is not an error and has no code. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'OPTION_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MODEL_NOT_FOUND'
  | 'MODEL_CORRUPT'
  | 'MODEL_MISMATCH'
  | 'MODEL_STATE'
  | 'SELFTEST_FAILED'
  | 'BACKEND_UNKNOWN'
  | 'BACKEND_UNAVAILABLE'
  | 'INFERENCE_FAILED'
  | 'NATIVE_UNAVAILABLE'
  | 'IMAGE_EMPTY'
  | 'IMAGE_UNREADABLE'
  | 'IMAGE_TOO_LARGE'
  | 'IMAGE_TOO_SMALL'
  | 'IMAGE_UNSUPPORTED'
  | 'INPUT_NOT_FOUND'
  | 'OUTPUT_UNWRITABLE'
  | 'CAMERA_NOT_FOUND'
  | 'CAMERA_BUSY'
  | 'CAMERA_DENIED'
  | 'CAMERA_LOST'
  | 'FFMPEG_MISSING'
  | 'FRAME_INVALID'
  | 'SIGHT_LOST'
  | 'PORT_IN_USE'
  | 'TOKEN_REQUIRED'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'REQUEST_INVALID'
  | 'ROUTE_NOT_FOUND'
  | 'BUSY'
  | 'STEP_TIMEOUT'
  | 'PLUGIN_INVALID'
  | 'PLUGIN_NOT_FOUND'
  | 'PLUGIN_FAILED'
  | 'GRANT_MISSING'
  | 'SERVICE_UNAVAILABLE'
  | 'COMMAND_UNKNOWN'
  | 'COMMAND_FAILED'
  | 'SCENARIO_INVALID'
  | 'TAPE_INVALID'
  | 'NOT_RUNNING'
  | 'INTERNAL';

/** An error a person can act on: the message says what was expected, what came, and what to do. */
export class MienError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MienError';
    this.code = code;
  }

  /** Plain form for JSON answers and for crossing a process. The cause stays in the log of the process that saw it. */
  toJSON(): { code: ErrorCode; message: string } {
    return { code: this.code, message: this.message };
  }

  static from(error: unknown, code: ErrorCode = 'INTERNAL'): MienError {
    if (error instanceof MienError) return error;
    if (error instanceof AggregateError && error.errors.length === 1) return MienError.from(error.errors[0], code);
    return new MienError(code, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
