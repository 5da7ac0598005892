/** What the dialogs of mien-analyze and mien-draw have in common. */
import { fault, numberWithin, showRowsFor } from './dialog.ts';

/** As `payload` or `req.files[0].buffer`. */
function place(this: EditorNode, value: unknown, options?: unknown): boolean | string {
  const isFine = /^(msg\.)?[\p{L}_$][\p{L}\p{N}_$]*(\.[\p{L}_$][\p{L}\p{N}_$]*|\[\d+\])*$/u.test(String(value ?? '').trim());
  return isFine || fault(this, options, 'mien.check.place');
}

/** Validated as the node will. */
export const imageDefaults: Readonly<Record<string, EditorProperty>> = {
  name: { value: '' },
  host: { value: '', type: 'mien-host', required: true },
  property: { value: 'payload', validate: place },
  result: { value: 'payload', validate: place },
  folder: { value: '' },
  turns: { value: 'newest' },
  most: { value: '', validate: numberWithin(0, 1000) },
  timeoutMs: { value: '', validate: numberWithin(0, 60_000) },
};

/** How many may wait is asked for the queue only. */
export function prepareImageDialog(): void {
  const turns = document.querySelector<HTMLSelectElement>('#node-input-turns');
  if (turns) showRowsFor(turns, turns.form ?? document);
}
