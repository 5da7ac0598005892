import { MienError } from '../errors.ts';

const START = 0xd8;
const END = 0xd9;
const SCAN = 0xda;

/** Where one JPEG lies, in bytes. */
export interface JpegSpan {
  readonly offset: number;
  readonly length: number;
}

/**
 * Splits concatenated JPEGs (raw MJPEG) by walking their markers, so that an embedded thumbnail's start or end never counts.
 * Errors: FRAME_INVALID, naming the frame and the byte, when there is no frame, or anything but whole JPEGs one after the other.
 */
export function splitMjpeg(bytes: Uint8Array): JpegSpan[] {
  const spans: JpegSpan[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const end = endOfJpeg(bytes, offset, spans.length);
    spans.push({ offset, length: end - offset });
    offset = end;
  }
  if (spans.length === 0) throw new MienError('FRAME_INVALID', 'Expected JPEG frames one after the other; the file is empty.');
  return spans;
}

/** The byte after the end marker of the JPEG that starts at `start`. */
function endOfJpeg(bytes: Uint8Array, start: number, frame: number): number {
  const invalid = (at: number, what: string): MienError =>
    new MienError('FRAME_INVALID', `Frame ${frame} is not a whole JPEG: ${what} at byte ${at} of ${bytes.length}.`);

  if (bytes[start] !== 0xff || bytes[start + 1] !== START) throw invalid(start, 'expected a start marker (FF D8)');
  let at = start + 2;
  while (at < bytes.length) {
    if (bytes[at] !== 0xff) throw invalid(at, `expected a marker (FF ..), found ${hex(bytes[at])}`);
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1; // fill bytes may stand before a marker
    } else if (marker === END) {
      return at + 2;
    } else if (marker === START || marker === 0x00 || marker === undefined) {
      throw invalid(at, `expected a segment, found FF ${hex(marker)}`);
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2; // TEM and restart markers have no length
    } else {
      const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
      if (length < 2) throw invalid(at, `expected a segment's length, found ${length}`);
      at += 2 + length;
      if (marker === SCAN) at = endOfScan(bytes, at);
    }
  }
  throw invalid(bytes.length, 'the end marker (FF D9) is missing');
}

/** The next marker after entropy-coded data, in which FF 00 is a data byte and FF D0 to D7 are restarts. */
function endOfScan(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next !== undefined && next !== 0x00 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return bytes.length;
}

function hex(byte: number | undefined): string {
  return byte === undefined ? 'nothing' : byte.toString(16).toUpperCase().padStart(2, '0');
}
