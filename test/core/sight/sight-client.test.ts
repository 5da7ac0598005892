import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkConfig } from '../../../core/src/load-config.ts';
import { silentLogger } from '../../../core/src/log.ts';
import { createSightClient } from '../../../core/src/sight/sight-client.ts';
import { rejectsWith } from '../../support/errors.ts';

const test = suite('sight client without a process');

test('questions before the start and after the end are refused with the state', async () => {
  const sight = createSightClient(checkConfig({}), silentLogger);
  for (const ask of [() => sight.models.list(), () => sight.analyze(new Uint8Array(1))]) {
    assert.match((await rejectsWith('NOT_RUNNING', ask)).message, 'Sight is stopped');
  }
  await sight[Symbol.asyncDispose]();
  await sight[Symbol.asyncDispose]();
  await rejectsWith('NOT_RUNNING', () => sight.models.list());
  await sight.ended();
});

test('a start that was cancelled before leaves no process and cannot be repeated', async () => {
  const sight = createSightClient(checkConfig({}), silentLogger);
  const listener = { observation() {}, notice() {} };
  const reason = new Error('changed my mind');
  assert.is(await sight.start(listener, AbortSignal.abort(reason)).catch((fault) => fault), reason);
  assert.is(sight.status().pid, undefined);
  assert.match((await rejectsWith('NOT_RUNNING', () => sight.start(listener))).message, 'make a new one');
  await sight[Symbol.asyncDispose]();
});

test.run();
