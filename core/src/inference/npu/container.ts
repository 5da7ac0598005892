import { MienError } from '../../errors.ts';

/** What the head and the JSON tail of a .rknn file say. */
export interface RknnContainer {
  readonly formatVersion: number;
  /** Chips that it was compiled for, as rk3588; empty where the file does not say. */
  readonly targets: readonly string[];
  /** Version of the vendor's compiler, as 2.5.0; undefined where the file does not say. */
  readonly compiler: string | undefined;
}

/** Magic, format version and length of the main section stand before it. */
const HEAD_BYTES = 64;
/** The length of the JSON tail, between main section and tail. */
const LENGTH_BYTES = 8;
/** rknn_init takes a 32-bit size. */
const MAX_BYTES = 0xffff_ffff;
/** Tails seen have 2 kB. */
const MAX_TAIL_BYTES = 16 * 1024 * 1024;

/**
 * Reads the container of a .rknn file, so that what is wrong with it can be said before the runtime sees it. `name` stands in messages.
 * Errors: MODEL_CORRUPT for what is no .rknn, is truncated (with how many bytes are missing) or damaged.
 */
export function readContainer(bytes: Uint8Array, name: string): RknnContainer {
  const fault = (what: string) => new MienError('MODEL_CORRUPT', `${name} ${what}`);
  if (bytes.length === 0) throw fault('is empty. Fetch the release again.');
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic === 'RKNX') throw fault('is an RKNX file: made for another family of NPUs (RKNPU3). Convert the network with rknn-toolkit2 for this chip.');
  if (magic !== 'RKNN'.slice(0, bytes.length))
    throw fault(`is no .rknn file: it begins with ${shown(bytes)}, expected "RKNN". Convert the network with rknn-toolkit2.`);
  const missing = (needed: number, atLeast: string) =>
    fault(`is truncated: ${atLeast}${needed - bytes.length} of ${needed} bytes are missing. Fetch the release again.`);
  if (bytes.length < HEAD_BYTES + LENGTH_BYTES) throw missing(HEAD_BYTES + LENGTH_BYTES, 'at least ');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const formatVersion = length(view, 8);
  const mainBytes = length(view, 16);
  const tailAt = HEAD_BYTES + mainBytes + LENGTH_BYTES;
  if (formatVersion === 0 || formatVersion > 0xffff) throw fault(`is damaged: its format version reads ${formatVersion}. Fetch the release again.`);
  if (mainBytes === 0 || tailAt > MAX_BYTES) throw fault(`is damaged: its head says that ${mainBytes} bytes follow. Fetch the release again.`);
  if (bytes.length < tailAt) throw missing(tailAt, 'at least ');
  const tailBytes = length(view, tailAt - LENGTH_BYTES);
  if (tailBytes === 0 || tailBytes > MAX_TAIL_BYTES) throw fault(`is damaged: its description is said to have ${tailBytes} bytes. Fetch the release again.`);
  if (bytes.length < tailAt + tailBytes) throw missing(tailAt + tailBytes, '');
  return { formatVersion, ...describe(bytes.subarray(tailAt, tailAt + tailBytes), fault) };
}

/** 64 bits, little endian; what is beyond 2^53 is rounded, and far beyond any file. */
function length(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function describe(tail: Uint8Array, fault: (what: string) => MienError): Pick<RknnContainer, 'targets' | 'compiler'> {
  let described: unknown;
  try {
    described = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(tail));
  } catch {
    throw fault('is damaged: its description is not JSON. Fetch the release again.');
  }
  if (typeof described !== 'object' || described === null || Array.isArray(described)) {
    throw fault('is damaged: its description is not a JSON object. Fetch the release again.');
  }
  const { target_platform: target, version } = described as { target_platform?: unknown; version?: unknown };
  const targets = (Array.isArray(target) ? target : [target])
    .filter((chip) => typeof chip === 'string' && chip !== '')
    .map((chip: string) => chip.toLowerCase());
  return { targets, compiler: typeof version === 'string' && version !== '' ? version : undefined };
}

/** The first bytes as text, whatever they are. */
function shown(bytes: Uint8Array): string {
  return JSON.stringify([...bytes.subarray(0, 4)].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(''));
}

/** Runtimes 1.3 and 1.4 were seen to refuse format 6, 1.5.2 takes it. Of later formats nothing is known: the runtime judges these. */
const FORMAT_SINCE: readonly (readonly [format: number, runtime: string])[] = [[6, '1.5.0']];

/** Refuses a file of another chip, or of a format that this runtime is known not to read. Errors: MODEL_MISMATCH, which says what is what. */
export function assertRunsHere(container: RknnContainer, here: { readonly chip: string; readonly runtime: string | undefined }, name: string): void {
  const { targets, formatVersion } = container;
  if (targets.length > 0 && !targets.includes(here.chip)) {
    throw new MienError(
      'MODEL_MISMATCH',
      `${name} was compiled for ${targets.join(', ')}, this is an ${here.chip}. Take the file of this chip, or convert the network with target_platform ${here.chip}.`,
    );
  }
  const since = FORMAT_SINCE.find(([format]) => format === formatVersion)?.[1];
  if (since !== undefined && isNewer(since, here.runtime)) {
    const by = container.compiler === undefined ? '' : ` of rknn-toolkit2 ${container.compiler}`;
    throw new MienError(
      'MODEL_MISMATCH',
      `${name} has format ${formatVersion}${by}, which is newer than this runtime (${here.runtime}). Update librknnrt to ${container.compiler ?? `${since} or later`}.`,
    );
  }
}

/**
 * One sentence where the compiler is newer than the runtime: no reason to refuse (runtime 1.5.2 was seen to take files of 2.5.0), but the first
 * suspect when the runtime does.
 */
export function newerThanRuntime({ compiler }: RknnContainer, runtime: string | undefined): string | undefined {
  if (compiler === undefined || !isNewer(compiler, runtime)) return undefined;
  return `The file was made by rknn-toolkit2 ${compiler}, which is newer than this runtime (${runtime}): update librknnrt to ${compiler}.`;
}

/** Whether version `a` is later than `b`, by the first three numbers; false where one is not known. Text around the numbers does not count. */
export function isNewer(a: string | undefined, b: string | undefined): boolean {
  const [x, y] = [numbers(a), numbers(b)];
  if (!x || !y) return false;
  const at = x.findIndex((n, i) => n !== y[i]);
  return at >= 0 && (x[at] ?? 0) > (y[at] ?? 0);
}

function numbers(version: string | undefined): readonly number[] | undefined {
  const found = /(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?/.exec(version ?? '');
  return found ? [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)] : undefined;
}
