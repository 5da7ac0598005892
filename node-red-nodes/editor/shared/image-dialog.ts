/** What the dialogs of mien-analyze and mien-draw have in common. */
import { fault, showRowsFor } from './dialog.ts';

/** As `payload` or `req.files[0].buffer`. */
export function place(this: EditorNode, value: unknown, options?: unknown): boolean | string {
  const isFine = /^(msg\.)?[\p{L}_$][\p{L}\p{N}_$]*(\.[\p{L}_$][\p{L}\p{N}_$]*|\[\d+\])*$/u.test(String(value ?? '').trim());
  return isFine || fault(this, options, 'mien.check.place');
}

/** How many may wait is asked for the queue only. */
export function prepareImageDialog(): void {
  const turns = document.querySelector<HTMLSelectElement>('#node-input-turns');
  if (turns) showRowsFor(turns, turns.form ?? document);
}
