import * as assert from 'uvu/assert';
import { type ErrorCode, MienError } from '../../core/src/errors.ts';

/** The action must fail with that code; the error comes back for a look at its message. */
export async function rejectsWith(code: ErrorCode, action: () => unknown): Promise<MienError> {
  try {
    await action();
  } catch (fault) {
    assert.instance(fault, MienError, String(fault));
    const error = fault as MienError;
    assert.is(error.code, code, error.message);
    return error;
  }
  assert.unreachable(`expected ${code}`);
  throw new Error();
}
