import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogLine, ToHost } from '../../../core/src/sight/messages.ts';
import { createRemoteLogger, formatLogLine } from '../../../core/src/sight/remote-logger.ts';

const test = suite("sight's log");

function collecting(level: Parameters<typeof createRemoteLogger>[0]) {
  const lines: LogLine[] = [];
  const logger = createRemoteLogger(level, (message: ToHost) => {
    if (message.type === 'log') lines.push(message);
  });
  return { logger, lines };
}

test('what lies below the level does not cross the channel', () => {
  for (const [level, expected] of [
    ['silent', []],
    ['error', ['error']],
    ['info', ['error', 'warn', 'info']],
    ['trace', ['error', 'warn', 'info', 'debug', 'trace']],
  ] as const) {
    const { logger, lines } = collecting(level);
    for (const each of ['error', 'warn', 'info', 'debug', 'trace'] as const) logger[each]({ camera: 'main' }, 'said');
    assert.equal(
      lines.map((line) => line.level),
      expected,
      level,
    );
  }
});

test('fields that cannot be cloned cross as text', () => {
  const { logger, lines } = collecting('warn');
  logger.warn({ camera: 'main', err: Object.assign(new Error('broken'), { retry() {} }), call: () => 1 }, 'a frame was lost');
  const [line] = lines;
  assert.ok(line);
  structuredClone(line);
  assert.match(JSON.stringify(line.fields), 'broken');
  assert.is((line.fields as { camera: string }).camera, 'main');
});

test('without a host a line is JSON of its own, errors included', () => {
  const text = formatLogLine({ level: 'error', fields: { err: new Error('no host') }, message: 'alone' });
  assert.ok(text.endsWith('}\n'));
  const line = JSON.parse(text) as Record<string, string>;
  assert.equal([line['level'], line['name'], line['msg']], ['error', 'sight', 'alone']);
  assert.match(line['err'] ?? '', 'no host');
});

test.run();
