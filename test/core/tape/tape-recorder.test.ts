import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Logger, silentLogger } from '../../../core/src/log.ts';
import { newSession } from '../../../core/src/session.ts';
import { tapeHeader } from '../../../core/src/tape/tape-format.ts';
import { openTapeRecorder, type RecorderOptions } from '../../../core/src/tape/tape-recorder.ts';
import { rejectsWith } from '../../support/errors.ts';
import { observation, testConfig } from '../../support/observations.ts';
import { until } from '../../support/processes.ts';
import { replayed } from '../../support/tapes.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const recorder = suite('recording a tape');
const session = newSession();
const header = tapeHeader(testConfig(), session, false);
const options: RecorderOptions = { logger: silentLogger, clock: session.clock };
const at = { monoMs: 1, wallMs: 2 };

recorder('a file that exists stays as it is without --force', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'a.mientape');
  writeFileSync(path, 'mine');
  assert.match((await rejectsWith('OUTPUT_UNWRITABLE', () => openTapeRecorder(path, header, options))).message, /--force/);
  assert.is(readFileSync(path, 'utf8'), 'mine');
  await (await openTapeRecorder(path, header, { ...options, force: true }))[Symbol.asyncDispose]();
  assert.is((await replayed(path)).result.ending, 'whole');
});

recorder('a folder that is not there is named', async () => {
  const fault = await rejectsWith('OUTPUT_UNWRITABLE', () => openTapeRecorder('/nowhere/at/all.mientape', header, options));
  assert.match(fault.message, /\/nowhere\/at\/all\.mientape/);
});

recorder('only its owner may read it: it tells of persons', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'a.mientape');
  await (await openTapeRecorder(path, header, options))[Symbol.asyncDispose]();
  assert.is(statSync(path).mode & 0o077, 0);
});

recorder('what came is on disk soon, without being ended', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'a.mientape');
  await using open = await openTapeRecorder(path, header, options);
  for (let i = 0; i < 40; i++) open.onInput({ observation: observation(i * 33, []) }, at);
  await until('a block on disk', 30_000, () => open.bytes > 0);
  const { result } = await replayed(path);
  assert.is(result.ending, 'torn');
  assert.is(result.records, 40);
});

recorder('a full disk is told once; what moves people goes on', async () => {
  const said: string[] = [];
  const logger: Logger = { ...silentLogger, error: (_fields, message) => void said.push(message) };
  await using open = await openTapeRecorder('/dev/full', header, { ...options, logger, force: true });
  for (let i = 0; i < 2000; i++) open.onInput({ observation: observation(i * 33, []) }, at);
  await open.failed;
  for (let i = 0; i < 2000; i++) open.onInput({ tick: true }, at);
  assert.is(said.length, 1);
  assert.match(said[0] as string, /\/dev\/full cannot be written on: ENOSPC/);
  assert.is(open.fault?.code, 'OUTPUT_UNWRITABLE');
});

recorder.run();
