import type { Config } from '../config.ts';
import { createEnveloper } from '../enveloper.ts';
import { MienError } from '../errors.ts';
import type { EventData, EventName, MienEvent } from '../events.ts';
import { createPeople } from '../people/people.ts';
import { createPacer } from './pacer.ts';
import type { BlocksEnd } from './tape-blocks.ts';
import type { TapeRecord } from './tape-format.ts';
import { openTape, type Tape, type TapeSource } from './tape-reader.ts';

export interface ReplayOptions {
  /** Other settings than the tape's: other events then, on purpose. */
  readonly config?: Config;
  /** 1: as it happened; Infinity (the default): as fast as it can be read. */
  readonly speed?: number;
  readonly signal?: AbortSignal;
}

export interface Replayed {
  readonly records: number;
  readonly events: number;
  /** From the first record to the last, milliseconds of the recorded time. */
  readonly lastedMs: number;
  /** `torn`: it was not ended in good order, and was played up to where it breaks off. */
  readonly ending: BlocksEnd;
}

/**
 * Plays a tape through people: the events that they told when it was recorded, byte for byte (ids, sequence, bootId and clocks come from the
 * tape). Errors: INPUT_NOT_FOUND, TAPE_INVALID; what was told before stays told.
 */
export async function replayTape(source: TapeSource | Tape, onEvent: (event: MienEvent) => void, options: ReplayOptions = {}): Promise<Replayed> {
  await using tape = isTape(source) ? source : await openTape(source);
  const { config = tape.config, speed = Number.POSITIVE_INFINITY, signal } = options;
  const play = createPlay(tape, config);
  const pacer = createPacer(speed);
  let [records, events] = [0, 0];
  let [firstMs, lastMs] = [0, 0];
  for await (const record of tape.records()) {
    [lastMs] = record.at;
    if (records === 0) firstMs = lastMs;
    await pacer.until(lastMs, signal);
    records += 1;
    for (const event of taking(tape.name, records, () => play(record))) {
      events += 1;
      onEvent(event);
    }
  }
  return { records, events, lastedMs: lastMs - firstMs, ending: tape.ending ?? 'torn' };
}

function isTape(source: TapeSource | Tape): source is Tape {
  return typeof source === 'object' && 'header' in source;
}

/** What a record is called when people cannot take it: a tape that keeps the form may still say what never was. */
export function taking<T>(name: string, record: number, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new MienError('TAPE_INVALID', `${name}: record ${record} cannot be played: ${(cause as Error).message}`, { cause });
  }
}

function createPlay({ header }: Tape, config: Config): (record: TapeRecord) => readonly MienEvent[] {
  let at = header.startedAt as TapeRecord['at'];
  const clock = { monoMs: () => at[0], wallMs: () => at[1] };
  const enveloper = createEnveloper(config.device, { bootId: header.bootId, monoMs: clock.monoMs });
  const people = createPeople(config, enveloper, { ...clock, idSeed: header.idSeed });
  return (record) => {
    at = record.at;
    if ('observation' in record) return people.observe(record.observation);
    if ('notice' in record) return people.notice(record.notice);
    if ('tick' in record) return people.tick();
    if ('event' in record) {
      const { name, moment, data } = record.event;
      return [enveloper.envelope(name, moment, data as EventData<EventName>) as MienEvent];
    }
    return [];
  };
}
