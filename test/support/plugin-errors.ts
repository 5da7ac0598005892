/** Errors of first-party plugins come from the built @mien/core: a MienError of another class than the sources have. */
import * as assert from 'uvu/assert';
import type { ErrorCode } from '../../core/src/errors.ts';

/** The action must fail with that code, in these words. */
export async function pluginRejects(code: ErrorCode, words: RegExp, action: () => unknown): Promise<void> {
  const fault = await Promise.resolve()
    .then(action)
    .then(
      () => undefined,
      (error: Error & { code?: string }) => error,
    );
  if (fault === undefined) assert.unreachable(`expected ${code}`);
  assert.is(fault?.code, code, String(fault));
  assert.ok(words.test(String(fault?.message)), `expected ${words}, got: ${fault?.message}`);
}
