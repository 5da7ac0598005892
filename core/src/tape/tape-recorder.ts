import { type FileHandle, open } from 'node:fs/promises';
import { MienError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { InputListener } from '../people/steps.ts';
import type { Clock } from '../session.ts';
import { encodeBlock } from './tape-blocks.ts';
import { recordLine, type TapeHeader } from './tape-format.ts';

export interface RecorderOptions {
  readonly logger: Logger;
  /** Times the end of the tape; the session's. */
  readonly clock: Clock;
  /** Write over a file that is there. */
  readonly force?: boolean;
}

export interface TapeRecorder extends AsyncDisposable {
  /** For `createMien({ onInput })`. */
  readonly onInput: InputListener;
  readonly records: number;
  /** On disk. */
  readonly bytes: number;
  /** What ended the recording early, a full disk: told once, in the log. Everything before it stays readable. */
  readonly fault: MienError | undefined;
  /** Resolves when there is a fault. */
  readonly failed: Promise<void>;
}

/** So much is lost at most when the process is killed. */
const FLUSH_MS = 1000;
/** Characters of a block: what is recorded faster than it happens must not wait for the clock. */
const BLOCK_LENGTH = 1 << 16;
/** A disk slower than the tape must not fill the memory. */
const MAX_WAITING_BYTES = 8 << 20;

/** Creates the file, readable by its owner only. Errors: OUTPUT_UNWRITABLE, also when the file exists and `force` is not set. */
export async function openTapeRecorder(path: string, header: TapeHeader, options: RecorderOptions): Promise<TapeRecorder> {
  let file: FileHandle;
  try {
    file = await open(path, options.force ? 'w' : 'wx', 0o600);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const said = code === 'EEXIST' ? `${path} exists; name another file, or say --force to write over it` : `the tape ${path} cannot be written: ${message}`;
    throw new MienError('OUTPUT_UNWRITABLE', said, { cause });
  }
  const recorder = new FileRecorder(path, file, options);
  recorder.write(`${JSON.stringify(header)}\n`);
  return recorder;
}

class FileRecorder implements TapeRecorder {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #options: RecorderOptions;
  readonly #failed = Promise.withResolvers<void>();
  readonly #ticking: NodeJS.Timeout;
  #lines: string[] = [];
  #length = 0;
  #waitingBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #over = false;
  fault: MienError | undefined;
  records = 0;
  bytes = 0;

  constructor(path: string, file: FileHandle, options: RecorderOptions) {
    this.#path = path;
    this.#file = file;
    this.#options = options;
    this.#ticking = setInterval(() => this.#flush(), FLUSH_MS).unref();
  }

  get failed(): Promise<void> {
    return this.#failed.promise;
  }

  readonly onInput: InputListener = (input, at) => {
    if (this.#over) return;
    this.records += 1;
    this.write(recordLine(input, at));
  };

  write(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= BLOCK_LENGTH) this.#flush();
  }

  #flush(): void {
    if (this.#over || this.#lines.length === 0) return;
    const lines = this.#lines.join('');
    this.#lines = [];
    this.#length = 0;
    let block: Buffer;
    try {
      block = encodeBlock(lines);
    } catch (fault) {
      // No memory left to compress in: people go on without a tape.
      this.#fail(fault as Error);
      return;
    }
    this.#waitingBytes += block.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#fail(new Error('the disk is slower than the tape'));
      return;
    }
    this.#writing = this.#writing.then(() => this.#append(block));
  }

  async #append(block: Buffer): Promise<void> {
    this.#waitingBytes -= block.length;
    if (this.#over) return;
    try {
      await this.#file.appendFile(block);
      this.bytes += block.length;
    } catch (fault) {
      this.#fail(fault as Error);
      // What of the block was written is of no use; where this is not possible either, readers pass over it.
      await this.#file.truncate(this.bytes).catch(() => {});
    }
  }

  #fail(cause: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#lines = [];
    clearInterval(this.#ticking);
    const fault = new MienError(
      'OUTPUT_UNWRITABLE',
      `the tape ${this.#path} cannot be written on: ${cause.message}; recording has ended, what was recorded stays`,
      {
        cause,
      },
    );
    this.#options.logger.error({ tape: this.#path, err: cause }, fault.message);
    this.fault = fault;
    this.#failed.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticking);
    const { clock } = this.#options;
    if (!this.#over) this.write(recordLine({ end: { records: this.records } }, { monoMs: clock.monoMs(), wallMs: clock.wallMs() }));
    this.#flush();
    await this.#writing;
    this.#over = true;
    await this.#file.close();
  }
}
