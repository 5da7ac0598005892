/** What the dialogs of the nodes that take an image say. */
import type { HostedDef } from './define-node.ts';
import { numberOf } from './dialog-values.ts';

export interface ImageDef extends HostedDef {
  /** Where the image is in the message, as `payload` or `req.file.buffer`. */
  readonly property?: string;
  /** Where the answer goes; when it is where the image was, the image goes to `msg.image`. */
  readonly result?: string;
  /** Paths within this folder are read; empty: a path is refused. */
  readonly folder?: string;
  /** `newest`: one at work, one waiting, others dropped. `queue`: all in their order, refused beyond `most`. */
  readonly turns?: 'newest' | 'queue';
  readonly most?: number | string;
  readonly timeoutMs?: number | string;
}

const MOST_WAITING = 10;
const TIMEOUT_MS = 10_000;

export interface ImageDialog {
  readonly property: string;
  readonly result: string;
  readonly folder: string;
  readonly turns: 'newest' | 'queue';
  readonly most: number;
  readonly timeoutMs: number;
}

/** Errors: INPUT_INVALID, naming the field. */
export function readImageDialog({ property, result, folder = '', turns = 'newest', most, timeoutMs }: ImageDef): ImageDialog {
  return {
    property: placeOf(property),
    result: placeOf(result),
    folder: folder.trim(),
    turns,
    most: Math.floor(numberOf(most, 'how many may wait', 1000) ?? MOST_WAITING),
    timeoutMs: numberOf(timeoutMs, 'the timeout in milliseconds', 60_000) || TIMEOUT_MS,
  };
}

const placeOf = (given = ''): string => given.trim().replace(/^msg\./, '') || 'payload';
