/** What went wrong in the runtime, as errors of Mien. */
import { NpuError } from '@mien/native/npu';
import { type ErrorCode, MienError } from '../../errors.ts';
import { CoreFault } from '../core-run.ts';
import { type Place, placeText } from '../layout.ts';

/** Longer logs lose their middle: the first line is the cause, the last ones are what it led to. */
const LOG_LINES = 6;

/** The runtime's own words beside those in the message, without its times; empty where it was silent. */
function runtimeSaid(cause: unknown): string {
  if (!(cause instanceof NpuError) || cause.log.trim() === '') return '';
  const lines = cause.log.split('\n').map((line) => line.replace(/\[\d\d:\d\d:\d\d\.\d+\]\s*/, '').trim());
  // The message quotes one of them.
  const said = lines.filter((line) => line !== '' && !cause.message.includes(line.replace(/^[A-Z] RKNN: /, '')));
  if (said.length === 0) return '';
  const shown = said.length > LOG_LINES ? [said[0], '...', ...said.slice(1 - LOG_LINES)] : said;
  return ` The runtime says: ${shown.join(' | ')}`;
}

function text(cause: unknown): string {
  const { message } = cause as Error;
  return `${message}${/[.!?]$/.test(message) ? '' : '.'}${runtimeSaid(cause)}`;
}

/** The library could not be opened. Errors of other kinds, such as a missing addon, are handed through. */
export function openFault(cause: unknown): unknown {
  return cause instanceof NpuError ? new MienError('BACKEND_UNAVAILABLE', `The runtime of the NPU cannot be used: ${text(cause)}`, { cause }) : cause;
}

const DEVICE_UNAVAILABLE = -3;
const OUT_OF_MEMORY = -4;
const MODEL_INVALID = -6;
/** RKNN_ERR_DEVICE_UNMATCH to RKNN_ERR_TARGET_PLATFORM_UNMATCH. */
const UNMATCHED = [-10, -11, -12, -13];

/** Whether the runtime may not have reached the device: it answers -1 then, as to much else. */
export function mayLackDevice(cause: unknown): boolean {
  return cause instanceof NpuError && cause.call === 'rknn_init' && (cause.rc === -1 || cause.rc === DEVICE_UNAVAILABLE);
}

/** A network could not be loaded. `hints` are sentences about what may lie behind it. */
export function loadFault(cause: unknown, name: string, hints: readonly string[]): unknown {
  if (!(cause instanceof NpuError)) return cause;
  const reasons = [
    ...(isOutOfMemory(cause) ? ['The NPU has no memory left: unload other networks, or use fewer cores (npu.layouts).'] : []),
    ...(isTooNew(cause) ? ['The file is newer than this runtime: update librknnrt.'] : []),
  ];
  return new MienError(loadCode(cause), [`${name} cannot be loaded on the NPU: ${text(cause)}`, ...reasons, ...hints].join(' '), { cause });
}

/** Old runtimes answer -1 to a format that they do not know, as to a missing device; their words tell. */
const isTooNew = ({ call, log }: NpuError) => call === 'rknn_init' && log.includes('Invalid RKNN model version');

/** Where it is the weights for which there is no room, librknnrt 1.5.2 answers -6, as for a damaged file; its words tell. */
const isOutOfMemory = ({ rc, log }: NpuError) => rc === OUT_OF_MEMORY || /failed to (malloc|allocate) npu memory/i.test(log);

function loadCode(fault: NpuError): ErrorCode {
  const { code, call, rc } = fault;
  if (code === 'closed') return 'MODEL_STATE';
  if (isTooNew(fault)) return 'MODEL_MISMATCH';
  if (isOutOfMemory(fault)) return 'BACKEND_UNAVAILABLE';
  if (code === 'unsupported' || (rc !== undefined && UNMATCHED.includes(rc))) return 'MODEL_MISMATCH';
  if (code === 'bad-result' || (call === 'rknn_init' && rc === MODEL_INVALID)) return 'MODEL_CORRUPT';
  return 'BACKEND_UNAVAILABLE';
}

/** A run failed. What the core or its context may be blamed for is a CoreFault, so that the run can be made elsewhere. */
export function runFault(cause: unknown, network: string, place: Place): MienError {
  const where = `${network} on ${placeText(place)} of the NPU`;
  if (!(cause instanceof NpuError)) return new MienError('INFERENCE_FAILED', `${where}: ${(cause as Error).message}`, { cause });
  switch (cause.code) {
    case 'hung':
      return new CoreFault('hung', `${where} did not come back: ${text(cause)}`, { cause });
    case 'lost':
    case 'closed':
    case 'busy':
      return new CoreFault('lost', `${where} was not begun: ${text(cause)}`, { cause });
    case 'invalid-argument':
    case 'unsupported':
      return new MienError('INFERENCE_FAILED', `${where} was refused: ${text(cause)}`, { cause });
    default:
      return new CoreFault('failed', `${where} failed: ${text(cause)}`, { cause });
  }
}
