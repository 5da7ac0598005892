import { PassThrough } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Conversation } from '../../../../core/src/host/plugins/conversation.ts';
import { logOutput } from '../../../../core/src/host/plugins/process-output.ts';
import { type Logger, silentLogger } from '../../../../core/src/log.ts';
import { until } from '../../../support/processes.ts';

const test = suite('what a plugin says in the log');

function logInto(lines: unknown[][]): Logger {
  return { ...silentLogger, info: (fields, message) => void lines.push([fields, message]), warn: (fields, message) => void lines.push([fields, message]) };
}

function logged(fields: object, message: string): unknown[] | undefined {
  const lines: unknown[][] = [];
  const ended: string[] = [];
  const conversation = new Conversation({
    name: 'waver',
    logger: logInto(lines),
    send() {},
    traffic() {},
    ended: (reason) => void ended.push(reason),
  });
  conversation.hear({ plugin: 'waver', type: 'log', level: 'info', fields, message });
  conversation.close();
  assert.equal(ended, []);
  return lines[0];
}

test('it cannot pass for another part, time or level', () => {
  const forged = { level: 60, time: 'yesterday', msg: 'all is well', pid: 1, name: 'host', wave: 3 };
  assert.equal(logged(forged, 'waved'), [{ wave: 3, name: 'waver' }, 'waved']);
});

test('it can neither steer the terminal nor begin another line', () => {
  const line = logged({}, 'red \u001b[31m\r\nERROR: grüße\t👋🏽\u0085\u0000');
  assert.equal(line, [{ name: 'waver' }, 'red \\x1b[31m\\x0d\\x0aERROR: grüße\t👋🏽\\x85\\x00']);
});

test('nor can what it prints', async () => {
  const lines: unknown[][] = [];
  const printed = new PassThrough();
  logOutput(printed, 'warn', 'waver', logInto(lines));
  printed.end('one\u001b[2J\ntwo\n');
  await until('both lines', 30_000, () => lines.length === 2);
  assert.equal(lines, [
    [{ name: 'waver' }, 'one\\x1b[2J'],
    [{ name: 'waver' }, 'two'],
  ]);
});

test.run();
