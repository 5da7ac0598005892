import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Compile } from 'typebox/compile';
import { CONFIG_VERSION, type Config } from '../config.ts';
import { migrateConfig } from '../config-migrations.ts';
import { MienError } from '../errors.ts';
import { checkConfig } from '../load-config.ts';
import { isDeeperThan, MAX_DEPTH } from '../nesting.ts';
import { schemaFaults } from '../schema-faults.ts';
import { type BlocksEnd, readBlocks } from './tape-blocks.ts';
import { HeaderSchema, RecordSchemas, TAPE_VERSION, type TapeHeader, type TapeRecord } from './tape-format.ts';

/** A path, or the bytes themselves. */
export type TapeSource = string | AsyncIterable<Uint8Array>;

export interface Tape extends AsyncDisposable {
  /** For messages: the file's name. */
  readonly name: string;
  readonly header: TapeHeader;
  /** The header's settings with defaults for everything else. */
  readonly config: Config;
  /** Every input in order, once. Errors: TAPE_INVALID with the number of the record. */
  records(): AsyncGenerator<TapeRecord>;
  /** `torn`: the recorder was killed or its disk full; all that was whole has been read. Undefined until then. */
  readonly ending: BlocksEnd | undefined;
}

/** Reads the header. Errors: INPUT_NOT_FOUND, TAPE_INVALID. */
export async function openTape(source: TapeSource): Promise<Tape> {
  const name = typeof source === 'string' ? basename(source) : 'the tape';
  const blocks = readBlocks(typeof source === 'string' ? readFile(source) : source, name);
  const first = await blocks.next();
  if (first.done) throw new MienError('TAPE_INVALID', `${name} is not a whole tape: it ends before its header; record it anew`);
  const end = first.value.indexOf('\n');
  try {
    const { header, config } = readHeader(first.value.slice(0, end), name);
    return new ReadTape(name, header, config, first.value.slice(end + 1), blocks);
  } catch (fault) {
    await blocks.return('torn');
    throw fault;
  }
}

async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (cause) {
    throw new MienError('INPUT_NOT_FOUND', `cannot read the tape ${path}: ${(cause as Error).message}`, { cause });
  }
}

function readHeader(line: string, name: string): { header: TapeHeader; config: Config } {
  const header = parse(line, `${name}: the header`);
  const version = (header as { mientape?: unknown } | null)?.mientape;
  if (typeof version === 'number' && version !== TAPE_VERSION) {
    const does = version > TAPE_VERSION ? 'a newer Mien wrote it: replay it with that one' : 'it is of an early form: record it anew';
    throw new MienError('TAPE_INVALID', `${name} is a tape of version ${version}, this Mien reads version ${TAPE_VERSION}; ${does}`);
  }
  const faults = schemaFaults(HeaderSchema, header);
  if (faults.length > 0) throw new MienError('TAPE_INVALID', `${name}: the header is not that of a tape: ${faults.join('; ')}`);
  const { config } = header as TapeHeader;
  try {
    return { header: header as TapeHeader, config: checkConfig(migrateConfig({ version: CONFIG_VERSION, ...config }, name), `the header of ${name}`) };
  } catch (cause) {
    throw new MienError('TAPE_INVALID', (cause as Error).message, { cause });
  }
}

type RecordKind = keyof typeof RecordSchemas;
const kinds = Object.keys(RecordSchemas) as RecordKind[];
const validators = Object.fromEntries(kinds.map((kind) => [kind, Compile(RecordSchemas[kind])])) as unknown as Record<
  RecordKind,
  { Check(value: unknown): boolean }
>;

class ReadTape implements Tape {
  readonly name: string;
  readonly header: TapeHeader;
  readonly config: Config;
  readonly #first: string;
  readonly #blocks: AsyncGenerator<string, BlocksEnd>;
  ending: BlocksEnd | undefined;

  constructor(name: string, header: TapeHeader, config: Config, first: string, blocks: AsyncGenerator<string, BlocksEnd>) {
    this.name = name;
    this.header = header;
    this.config = config;
    this.#first = first;
    this.#blocks = blocks;
  }

  async *records(): AsyncGenerator<TapeRecord> {
    let count = 0;
    let ended = false;
    for await (const line of this.#lines()) {
      const where = `${this.name}: record ${count + 1}`;
      if (ended) throw new MienError('TAPE_INVALID', `${where} stands after the end; a tape ends once: were two put together?`);
      const record = readRecord(line, where);
      if ('end' in record) {
        ended = true;
        if (record.end.records !== count) {
          throw new MienError(
            'TAPE_INVALID',
            `${this.name}: expected ${record.end.records} records as its end says, got ${count}; some are missing: copy it anew`,
          );
        }
        continue;
      }
      count += 1;
      yield record;
    }
    if (!ended) this.ending = 'torn';
  }

  async *#lines(): AsyncGenerator<string> {
    yield* this.#first.split('\n').slice(0, -1);
    for (;;) {
      const block = await this.#blocks.next();
      if (block.done) {
        this.ending = block.value;
        return;
      }
      yield* block.value.split('\n').slice(0, -1);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#blocks.return('torn');
  }
}

function readRecord(line: string, where: string): TapeRecord {
  const record = parse(line, where);
  const kind = kinds.find((name) => typeof record === 'object' && record !== null && Object.hasOwn(record, name));
  if (!kind) throw new MienError('TAPE_INVALID', `${where}: expected one of ${kinds.join(', ')}, got ${line.slice(0, 60)}`);
  if (!validators[kind].Check(record)) {
    throw new MienError('TAPE_INVALID', `${where} is no ${kind}: ${schemaFaults(RecordSchemas[kind], record).slice(0, 3).join('; ')}`);
  }
  return record as TapeRecord;
}

function parse(line: string, where: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new MienError('TAPE_INVALID', `${where}: expected a line of JSON: ${(cause as Error).message}`, { cause });
  }
  if (isDeeperThan(MAX_DEPTH, value)) throw new MienError('TAPE_INVALID', `${where}: expected at most ${MAX_DEPTH} levels, got more; no Mien wrote this`);
  return value;
}
