/** Every failed request answers `{ "error": { "code", "message" } }` with the fitting status. */
import Type from 'typebox';
import { type ErrorCode, MienError } from '../errors.ts';

export const ErrorAnswer = Type.Object(
  { error: Type.Object({ code: Type.String(), message: Type.String() }) },
  { title: 'Error', description: 'what was expected, what came, and what to do' },
);
export type ErrorAnswer = Type.Static<typeof ErrorAnswer>;

const statusOfCode: Partial<Record<ErrorCode, number>> = {
  OPTION_UNKNOWN: 400,
  REQUEST_INVALID: 400,
  IMAGE_EMPTY: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  GRANT_MISSING: 403,
  ROUTE_NOT_FOUND: 404,
  MODEL_NOT_FOUND: 404,
  CAMERA_NOT_FOUND: 404,
  INPUT_NOT_FOUND: 404,
  PLUGIN_NOT_FOUND: 404,
  COMMAND_UNKNOWN: 404,
  MODEL_STATE: 409,
  CAMERA_BUSY: 409,
  IMAGE_TOO_LARGE: 413,
  IMAGE_UNSUPPORTED: 415,
  IMAGE_UNREADABLE: 422,
  IMAGE_TOO_SMALL: 422,
  MANIFEST_INVALID: 422,
  MODEL_CORRUPT: 422,
  MODEL_MISMATCH: 422,
  SELFTEST_FAILED: 422,
  BACKEND_UNKNOWN: 422,
  CONFIG_INVALID: 422,
  PLUGIN_INVALID: 422,
  SCENARIO_INVALID: 422,
  TAPE_INVALID: 422,
  BUSY: 429,
  COMMAND_FAILED: 502,
  PLUGIN_FAILED: 502,
  BACKEND_UNAVAILABLE: 503,
  CAMERA_LOST: 503,
  SIGHT_LOST: 503,
  NOT_RUNNING: 503,
  SERVICE_UNAVAILABLE: 503,
  STEP_TIMEOUT: 504,
};

/** That of its code; a request that fastify refused for its size or content type keeps the status made for it. */
export function httpStatus({ code, cause }: MienError): number {
  const raised = (cause as FastifyFault | undefined)?.statusCode;
  if (code === 'REQUEST_INVALID' && (raised === 413 || raised === 415)) return raised;
  return statusOfCode[code] ?? 500;
}

/** Shape of the errors that fastify raises itself. */
interface FastifyFault {
  code?: string;
  statusCode?: number;
  message: string;
}

export interface BodyRules {
  readonly maxBytes: number;
  /** The body is an encoded image; JSON elsewhere. */
  readonly isImage: boolean;
}

/** Names any fault: ours stay as they are, fastify's get a code of ours, the rest is INTERNAL without its inner message. */
export function nameFault(fault: unknown, { maxBytes, isImage }: BodyRules): MienError {
  if (fault instanceof MienError) return fault;
  const { code, statusCode, message } = fault as FastifyFault;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new MienError(isImage ? 'IMAGE_TOO_LARGE' : 'REQUEST_INVALID', `the body may have at most ${maxBytes} bytes; send less`, { cause: fault });
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return isImage
      ? new MienError('IMAGE_UNSUPPORTED', 'unsupported content type: send an image as image/* or application/octet-stream', { cause: fault })
      : new MienError('REQUEST_INVALID', 'unsupported content type: send application/json', { cause: fault });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new MienError('REQUEST_INVALID', message, { cause: fault });
  }
  return new MienError('INTERNAL', 'Mien failed inside while answering; its log tells more', { cause: fault });
}
