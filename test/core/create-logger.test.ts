import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createLogger } from '../../core/src/create-logger.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('logger');

test('a line bears one name: the process that speaks, or the one it is written for; and no secret', async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, 'logs', 'mien.log');
  const logger = createLogger({ level: 'error', name: 'host', file, pretty: false });
  logger.warn({}, 'below the level');
  logger.error({ token: 'pa55word' }, 'by the host');
  logger.error({ name: 'sight', err: new Error('broken') }, 'for sight');
  const lines = (): string[] => {
    try {
      return readFileSync(file, 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  };
  await until('two lines', 2000, () => lines().length === 2);
  for (const line of lines()) assert.is(line.match(/"name":/g)?.length, 1, line);
  const [host, sight] = lines().map((line) => JSON.parse(line));
  assert.equal([host.name, host.msg, host.token], ['host', 'by the host', '[secret]']);
  assert.equal([sight.name, sight.msg, sight.err.message], ['sight', 'for sight', 'broken']);
});

test('a folder for the file that cannot be made stops nothing', () => {
  using folder = new TemporaryFolder();
  writeFileSync(join(folder.path, 'file'), '');
  const logger = createLogger({ level: 'silent', name: 'host', file: join(folder.path, 'file', 'below', 'mien.log'), pretty: false });
  assert.not.throws(() => logger.error({}, 'goes on'));
});

test.run();
