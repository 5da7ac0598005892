/** Turns what happened into CloudEvents: ids, sequence, source, times. One per start of Mien. */
import { randomUUID } from 'node:crypto';
import type { EventData, EventName, EventOf } from './events.ts';
import { monotonicMs } from './frame.ts';

/** Where and when it happened. `camera` is absent for events of the whole device. */
export interface EventMoment {
  readonly camera?: string;
  /** `person/p-k7f3q`, `camera/main`, `model/mien-npu`. */
  readonly subject: string;
  /** Capture instant of the deciding frame. */
  readonly capturedMonoMs: number;
  readonly capturedWallMs: number;
}

export interface Enveloper {
  /** Names this start: a receiver that resumes by sequence compares it first. */
  readonly bootId: string;
  envelope<N extends EventName>(name: N, moment: EventMoment, data: EventData<N>): EventOf<N>;
}

export interface EnveloperOptions {
  readonly bootId?: string;
  /** Host clock for `emittedMonoMs`; monotonicMs() by default. */
  readonly monoMs?: () => number;
  /** Stronger rule for `wallTrusted` where the device knows better (an RTC, NTP state). */
  readonly wallTrusted?: (wallMs: number) => boolean;
}

/**
 * A board without an RTC starts in 1970 or at its image's build date, and jumps at the first NTP sync. Without better
 * knowledge a wall time is trusted from this date on: no Mien existed before it.
 */
export const EARLIEST_WALL_MS = Date.UTC(2025, 0, 1);

/**
 * `sequence` counts from 1 over all cameras, padded to 16 digits, so that it sorts as text too (CloudEvents sequence extension).
 * Durations must never be taken from `time`, only from `data.clock`.
 */
export function createEnveloper(device: string, options: EnveloperOptions = {}): Enveloper {
  const bootId = options.bootId ?? randomUUID();
  const monoMs = options.monoMs ?? monotonicMs;
  const wallTrusted = options.wallTrusted ?? ((wallMs: number) => wallMs >= EARLIEST_WALL_MS);
  let sequence = 0;
  return {
    bootId,
    envelope(name, { camera, subject, capturedMonoMs, capturedWallMs }, data) {
      sequence += 1;
      const event = {
        specversion: '1.0',
        id: `${bootId}-${sequence}`,
        source: camera === undefined ? `urn:mien:${device}` : `urn:mien:${device}/${camera}`,
        type: `mien.${name}.v1`,
        subject,
        time: new Date(capturedWallMs).toISOString(),
        datacontenttype: 'application/json',
        dataschema: `urn:mien:schema:${name}:v1`,
        sequence: String(sequence).padStart(16, '0'),
        data: {
          clock: { bootId, capturedMonoMs, emittedMonoMs: Math.round(monoMs() * 10) / 10, wallTrusted: wallTrusted(capturedWallMs) },
          ...data,
        },
      };
      return event as unknown as EventOf<typeof name>;
    },
  };
}
