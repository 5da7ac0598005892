import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Scope } from '../../core/src/scope.ts';
import { step, stopStep } from '../../core/src/step.ts';
import { rejectsWith } from '../support/errors.ts';

const test = suite('steps of start and stop');
const never = new AbortController().signal;
const forever = new Promise<never>(() => {});

test('a step that is late is named, and its own signal aborts', async () => {
  let own: AbortSignal | undefined;
  const fault = await rejectsWith('STEP_TIMEOUT', () =>
    step('load the model', 30, never, (signal) => {
      own = signal;
      return forever;
    }),
  );
  assert.match(fault.message, '"load the model" took longer than 0.03 s');
  assert.is(own?.aborted, true);
});

test('one in time gives its result, and one that is cancelled rejects with the reason at once', async () => {
  assert.is(await step('quick', 1000, never, async () => 7), 7);
  const cancel = new AbortController();
  const stopped = step('slow', 1000, cancel.signal, () => forever);
  cancel.abort('enough');
  assert.is(await stopped.catch((reason) => reason), 'enough');
  let begun = false;
  const late = step('late', 1000, cancel.signal, async () => {
    begun = true;
  });
  assert.is(await late.catch((reason) => reason), 'enough');
  assert.is(begun, false);
});

test('a stop that hangs is named, and the steps after it still run', async () => {
  const scope = new Scope();
  const ran: string[] = [];
  scope.defer(() => void ran.push('last'));
  scope.defer(stopStep('stop sight', 30, () => forever));
  scope.defer(stopStep('close the console', 1000, async () => void ran.push('first')));
  const fault = await scope[Symbol.asyncDispose]().then(
    () => undefined,
    (error: AggregateError) => error,
  );
  assert.equal(ran, ['first', 'last']);
  assert.match(fault?.message ?? '', '"stop sight" took longer than 0.03 s');
  assert.is(fault?.errors[0].code, 'STEP_TIMEOUT');
});

test.run();
