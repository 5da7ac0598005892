/** The files of one outbox: lines in segments, read from the oldest, and a cursor that says where that is. */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A new file is begun beyond it; a file is deleted when all in it has left. */
const segmentBytes = 1024 * 1024;
/** Ids of entries that have left, kept so that an event which comes once more is known. The host has at most 32 on their way. */
const recentIds = 128;

export interface Item {
  readonly id: string;
  /** JSON without a line break. */
  readonly line: string;
}
interface Entry {
  readonly id: string;
  readonly segment: number;
  readonly offset: number;
  /** Without the line break. */
  readonly bytes: number;
}
interface Cursor {
  readonly segment: number;
  readonly offset: number;
  readonly recent: readonly string[];
}

/**
 * A queue on disk. `append` resolves when its lines are there to stay; the cursor follows without waiting for the disk, so after a power cut some
 * lines may be read again, and none is lost. What a killed process left unfinished is passed over.
 */
export class DiskQueue {
  readonly #folder: string;
  readonly #entries: Entry[] = [];
  readonly #ids = new Set<string>();
  readonly #recent: string[];
  #begin = 0;
  #bytes = 0;
  /** Number of the newest file; it is written to while `#writer` is open. */
  #newest: number;
  #writer: FileHandle | undefined;
  #written = 0;
  #reader: { readonly segment: number; readonly file: FileHandle } | undefined;
  /** Oldest file that is still there. */
  #oldest: number;
  #cursorDirty = false;
  #cursorWriting: Promise<void> | undefined;

  constructor(folder: string, newest: number, recent: readonly string[]) {
    this.#folder = folder;
    this.#newest = newest;
    this.#oldest = newest;
    this.#recent = [...recent];
  }

  /** Makes the folder, reads what is there. */
  static async open(folder: string): Promise<DiskQueue> {
    await mkdir(folder, { recursive: true });
    const cursor = await readCursor(folder);
    const numbers = (await readdir(folder)).map((name) => /^(\d{10})\.jsonl$/.exec(name)?.[1]).filter((digits) => digits !== undefined);
    const segments = numbers.map(Number).sort((a, b) => a - b);
    const queue = new DiskQueue(folder, Math.max(cursor.segment, segments.at(-1) ?? 0), cursor.recent);
    for (const segment of segments) {
      if (segment < cursor.segment) await rm(queue.#path(segment), { force: true });
      else await queue.#scan(segment, segment === cursor.segment ? cursor.offset : 0);
    }
    queue.#oldest = Math.max(cursor.segment, segments[0] ?? 0);
    return queue;
  }

  get held(): number {
    return this.#entries.length;
  }

  /** Of what is held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it is held, or has left lately. */
  has(id: string): boolean {
    return this.#ids.has(id) || this.#recent.includes(id);
  }

  /** One at a time. Rejects with the system's error when it could not be written; nothing was appended then. */
  async append(items: readonly Item[]): Promise<void> {
    const writer = await this.#openWriter();
    const lines = items.map(({ line }) => Buffer.from(`${line}\n`));
    const start = this.#written;
    try {
      await writeWhole(writer, Buffer.concat(lines), start);
      await writer.datasync();
    } catch (fault) {
      await this.#abandon(writer, start);
      throw fault;
    }
    let offset = start;
    items.forEach(({ id }, i) => {
      const bytes = (lines[i]?.length ?? 1) - 1;
      this.#hold({ id, segment: this.#newest, offset, bytes });
      offset += bytes + 1;
    });
    this.#written = offset;
    if (this.#written > segmentBytes) await this.#closeWriter();
  }

  /** Position of the oldest, counted from what was there when it was opened. */
  get begin(): number {
    return this.#begin;
  }

  /** Position of the next that is appended. */
  get end(): number {
    return this.#begin + this.#entries.length;
  }

  /** The line at a position, one read at a time. Undefined when it has left, or its file has. */
  async read(position: number): Promise<string | undefined> {
    const entry = this.#entries[position - this.#begin];
    if (!entry) return undefined;
    if (this.#reader?.segment !== entry.segment) {
      await this.#closeReader();
      this.#reader = { segment: entry.segment, file: await open(this.#path(entry.segment), 'r') };
    }
    const buffer = Buffer.alloc(entry.bytes);
    const { bytesRead } = await this.#reader.file.read(buffer, 0, entry.bytes, entry.offset);
    return bytesRead === entry.bytes ? buffer.toString() : undefined;
  }

  /** Takes the oldest away. */
  shift(): void {
    const entry = this.#entries.shift();
    if (!entry) return;
    this.#begin += 1;
    this.#ids.delete(entry.id);
    this.#bytes -= entry.bytes;
    this.#recent.push(entry.id);
    if (this.#recent.length > recentIds) this.#recent.shift();
    this.#cursorDirty = true;
    this.#cursorWriting ??= this.#writeCursor();
  }

  /** The cursor is on disk when it resolves. Not while an `append` is under way. */
  async close(): Promise<void> {
    await this.#cursorWriting;
    await this.#closeReader();
    await this.#closeWriter();
  }

  #hold(entry: Entry): void {
    if (this.#ids.has(entry.id)) return;
    this.#entries.push(entry);
    this.#ids.add(entry.id);
    this.#bytes += entry.bytes;
  }

  async #scan(segment: number, from: number): Promise<void> {
    const data = await readFile(this.#path(segment));
    let offset = from;
    for (let end = data.indexOf(0x0a, offset); end >= 0; end = data.indexOf(0x0a, offset)) {
      const id = idOf(data.toString('utf8', offset, end));
      if (id !== undefined && !this.#recent.includes(id)) this.#hold({ id, segment, offset, bytes: end - offset });
      offset = end + 1;
    }
  }

  async #openWriter(): Promise<FileHandle> {
    if (this.#writer) return this.#writer;
    // Never into an old file: its last line may be torn.
    const next = this.#newest + 1;
    this.#writer = await open(this.#path(next), 'w');
    this.#newest = next;
    this.#written = 0;
    await syncFolder(this.#folder);
    return this.#writer;
  }

  /** The file ends again where it was good; if even that fails, it is left, and what hangs over is passed over when it is read. */
  async #abandon(writer: FileHandle, bytes: number): Promise<void> {
    try {
      await writer.truncate(bytes);
    } catch {
      await this.#closeWriter();
    }
  }

  async #writeCursor(): Promise<void> {
    try {
      while (this.#cursorDirty) {
        this.#cursorDirty = false;
        const { segment, offset } = this.#entries[0] ?? this.#end();
        const temporary = join(this.#folder, 'cursor.new');
        await writeFile(temporary, JSON.stringify({ segment, offset, recent: this.#recent } satisfies Cursor));
        await rename(temporary, join(this.#folder, 'cursor.json'));
        for (; this.#oldest < segment; this.#oldest++) await rm(this.#path(this.#oldest), { force: true });
      }
    } catch {
      // A full disk, say: the next one that leaves tries again, and until then a restart would send some twice.
      this.#cursorDirty = true;
    } finally {
      this.#cursorWriting = undefined;
    }
  }

  /** Where the next line will stand. */
  #end(): { segment: number; offset: number } {
    return this.#writer ? { segment: this.#newest, offset: this.#written } : { segment: this.#newest + 1, offset: 0 };
  }

  async #closeWriter(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close();
  }

  async #closeReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.file.close();
  }

  #path(segment: number): string {
    return join(this.#folder, `${String(segment).padStart(10, '0')}.jsonl`);
  }
}

async function writeWhole(file: FileHandle, data: Buffer, position: number): Promise<void> {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await file.write(data, done, data.length - done, position + done);
    done += bytesWritten;
  }
}

/** A new file's name is in the folder for good only when the folder was written out. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readCursor(folder: string): Promise<Cursor> {
  try {
    const { segment, offset, recent } = JSON.parse(await readFile(join(folder, 'cursor.json'), 'utf8')) as Cursor;
    if (Number.isInteger(segment) && Number.isInteger(offset) && Array.isArray(recent)) return { segment, offset, recent };
  } catch {
    // Absent at first; after a power cut it may be empty. Then everything that is there is held.
  }
  return { segment: 0, offset: 0, recent: [] };
}

function idOf(line: string): string | undefined {
  try {
    const { id } = JSON.parse(line) as { id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
