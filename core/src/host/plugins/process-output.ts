/** What a plugin prints: its lines go to the log, as many as somebody would read. */
import type { Readable } from 'node:stream';
import type { Logger } from '../../log.ts';
import { LineBudget } from './line-budget.ts';

export const LINES_PER_SECOND = 50;
export const MAX_LINE_CHARACTERS = 2048;
/** Read no faster than this: who prints more waits. */
const BYTES_PER_SLICE = 256 * 1024;
const SLICE_MS = 100;
const KEPT_CHARACTERS = 4096;

export interface ProcessOutput {
  /** The newest characters of it. */
  readonly tail: string;
}

/** `plugin` names it in the log. Ends with the stream. */
export function logOutput(stream: Readable, level: 'debug' | 'warn', plugin: string, logger: Logger): ProcessOutput {
  let tail = '';
  let line = '';
  let sliceBytes = 0;
  let slice: NodeJS.Timeout | undefined;
  const budget = new LineBudget(LINES_PER_SECOND, (lines) =>
    logger[level]({ name: plugin, lines }, `printed more than ${LINES_PER_SECOND} lines a second; the rest is left out`),
  );
  const say = (text: string): void => {
    if (text !== '' && budget.allows()) logger[level]({ name: plugin }, asLine(text));
  };

  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    tail = (tail + chunk).slice(-KEPT_CHARACTERS);
    const parts = chunk.split('\n');
    for (const part of parts.slice(0, -1)) {
      say(line + part);
      line = '';
    }
    // A line without an end must not fill the memory.
    line = (line + parts[parts.length - 1]).slice(0, MAX_LINE_CHARACTERS + 1);
    sliceBytes += chunk.length;
    if (sliceBytes < BYTES_PER_SLICE || slice) return;
    stream.pause();
    slice = setTimeout(() => {
      slice = undefined;
      sliceBytes = 0;
      stream.resume();
    }, SLICE_MS);
  });
  stream.on('error', () => {});
  stream.on('close', () => {
    clearTimeout(slice);
    say(line);
    budget.close();
  });
  return {
    get tail() {
      return tail;
    },
  };
}

export function shortened(text: string): string {
  return text.length > MAX_LINE_CHARACTERS ? `${text.slice(0, MAX_LINE_CHARACTERS)} ...` : text;
}

/** One line of the log: what would steer the reader's terminal, or begin a line of its own, is shown as its code. */
export function asLine(text: string): string {
  return shortened(text).replace(/[^\P{Cc}\t]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
