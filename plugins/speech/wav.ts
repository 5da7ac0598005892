/** WAV files: what is in them, and a header that says how long they are (a program that writes to a pipe does not know yet when it begins). */
import { MienError } from '@mien/core/plugin';

export interface Sound {
  /** A whole WAV file with a true header. */
  readonly wav: Buffer;
  readonly rateHz: number;
  readonly channels: number;
  readonly durationMs: number;
}

/** Errors: COMMAND_FAILED, with what came, when it is no WAV or has no sound in it. `from`: who made it. */
export function readWav(bytes: Buffer, from: string): Sound {
  const no = (what: string): MienError => new MienError('COMMAND_FAILED', `${from}: expected a WAV file, got ${what}`);
  if (bytes.length === 0) throw no('nothing');
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
    throw no(`${bytes.length} bytes that begin with ${JSON.stringify(bytes.toString('latin1', 0, 12))}`);
  }
  let format: { readonly channels: number; readonly rateHz: number; readonly bytesPerSecond: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (name === 'fmt ' && at + 24 <= bytes.length) {
      format = { channels: bytes.readUInt16LE(at + 10), rateHz: bytes.readUInt32LE(at + 12), bytesPerSecond: bytes.readUInt32LE(at + 16) };
    }
    if (name === 'data') {
      if (!format || format.rateHz === 0 || format.bytesPerSecond === 0) throw no('one that does not say how its sound is stored');
      const length = Math.min(size, bytes.length - at - 8);
      if (length === 0) throw no('one without sound');
      const wav = Buffer.from(bytes.subarray(0, at + 8 + length));
      wav.writeUInt32LE(wav.length - 8, 4);
      wav.writeUInt32LE(length, at + 4);
      return { wav, rateHz: format.rateHz, channels: format.channels, durationMs: Math.round((length / format.bytesPerSecond) * 1000) };
    }
    at += 8 + size + (size % 2);
  }
  throw no('one without sound');
}
