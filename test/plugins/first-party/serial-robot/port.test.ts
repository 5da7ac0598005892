/** Which port, why it cannot be opened, and the port itself over serialport's mock. */
import { chmodSync, chownSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { SerialPortMock } from 'serialport';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compilePattern, fillInput, patternFaults } from '../../../../plugins/serial-robot/command-pattern.ts';
import { Connection } from '../../../../plugins/serial-robot/connection.ts';
import { findPort, portFault } from '../../../../plugins/serial-robot/find-port.ts';
import plugin from '../../../../plugins/serial-robot/index.ts';
import { openWith, type Port } from '../../../../plugins/serial-robot/open-port.ts';
import { grantsMissing } from '../../../../plugins/serial-robot/options.ts';
import { explainPortFault } from '../../../../plugins/serial-robot/port-fault.ts';
import { until } from '../../../support/processes.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

const patienceMs = 30_000;
const mock = SerialPortMock.binding;
const arduino = { path: '/dev/ttyUSB0', vendorId: '1A86', productId: '7523', serialNumber: 'A1' };
const list = async () => [arduino, { path: '/dev/ttyS0' }, { ...arduino, path: '/dev/ttyUSB1', serialNumber: 'B2' }];

async function rejected(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (fault) {
    return (fault as Error).message;
  }
  throw new Error('it was not rejected');
}

test('a port is named by its path, or by what it says of itself on USB', async () => {
  assert.is(await findPort('/dev/ttyACM0', list), '/dev/ttyACM0');
  assert.is(await findPort('usb:1a86:7523:B2', list), '/dev/ttyUSB1');
  assert.is(await findPort('USB:1A86:7523', async () => [arduino]), '/dev/ttyUSB0');
  assert.match(
    await rejected(findPort('usb:1a86:7523', list)),
    /several on USB are usb:1a86:7523: \/dev\/ttyUSB0 \(A1\), \/dev\/ttyUSB1 \(B2\)\. Add the serial number/,
  );
  assert.match(await rejected(findPort('usb:dead:beef', list)), /nothing on USB is usb:dead:beef\. There are \/dev\/ttyUSB0 \(usb:1A86:7523\), \/dev\/ttyS0,/);
  for (const good of ['/dev/ttyUSB0', 'COM3', 'usb:1a86:7523', 'usb:1a86:7523:A 1']) assert.is(portFault(good), undefined, good);
  assert.match(portFault('') ?? '', /port: expected a device file .* It is not set/);
  for (const bad of ['ttyUSB0', 'usb:1a86', 'usb:xyz:7523']) assert.match(portFault(bad) ?? '', new RegExp(`got "${bad}"`), bad);
});

test('faults say what to do', async () => {
  const explain = (message: string, path = '/dev/ttyUSB9', code?: string) => explainPortFault(Object.assign(new Error(message), { code }), path, list);
  assert.match(await explain('Error: No such file or directory, cannot open /dev/ttyUSB9'), /there is no port \/dev\/ttyUSB9\. There are \/dev\/ttyUSB0/);
  assert.is(
    await explainPortFault(new Error('Error: No such file'), '/dev/x', async () => []),
    'there is no port /dev/x. There is no serial port at all: is the cable plugged in?',
  );
  assert.match(await explain('Error: Permission denied, cannot open /dev/none'), /no permission to open .* sudo usermod -aG dialout/);
  assert.match(await explain('Error Resource temporarily unavailable Cannot lock port'), /is in use by another program: one port is for one plugin or program/);
  assert.match(await explain('Error: Device or resource busy, cannot open'), /keeps it to itself/);
  assert.match(await explain('Cannot load native addon', '/dev/ttyUSB0', 'ERR_DLOPEN_DISABLED'), /allow: \{ addons: true, childProcess: true, read: \[/);
  assert.match(await explain('spawn udevadm ENOENT', 'usb:1a86:7523', 'ENOENT'), /for want of udevadm \(apt install udev\)/);
  assert.match(await explain('Error: Inappropriate ioctl for device setting custom baud rate of 115200', '/etc/hostname'), /\/etc\/hostname is no serial port/);
  assert.match(await explain('Error: something else'), /cannot be opened: Error: something else/);
});

test('without permission, the group of the device file is named', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'tty');
  writeFileSync(path, '', { mode: 0o660 });
  chmodSync(path, 0o660);
  // As Debian has it for serial ports; only root may give it away.
  if (process.getuid?.() === 0) chownSync(path, 0, 20);
  const { gid } = statSync(path);
  const group = /^([^:]+)/.exec(
    readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(gid)) ?? '',
  )?.[1];
  if (group === undefined) return console.log(`SKIPPED: /etc/group has no name for the group ${gid}`);
  const said = await explainPortFault(new Error(`Error: Permission denied, cannot open ${path}`), path, list);
  assert.ok(
    said.includes(`no permission to open ${path}. It belongs to the group ${group}: sudo usermod -aG ${group} ${userInfo().username}, then log in again`),
    said,
  );
  chmodSync(path, 0o600);
  assert.match(await explainPortFault(new Error('Error: Permission denied'), path, list), /Only its owner may: give it a group by a udev rule/);
});

test('options: a port must be named, templates and patterns are checked, with the nearest name', () => {
  const line = { settled: 'any', everyMs: 0 } as const;
  const faults = (part: object): readonly string[] => plugin.checkOptions?.({ port: '/dev/ttyUSB0', lines: [], commands: [], ...part } as never) ?? [];
  assert.equal(faults({}), []);
  assert.match(faults({ port: '' })[0] ?? '', /^port: expected/);
  assert.match(
    faults({ lines: [{ ...line, on: 'person.left', text: '{session.dwelMs}' }] })[0] ?? '',
    /lines\.0\.text: there is no field {session\.dwelMs}.*dwellMs/,
  );
  assert.match(faults({ lines: [{ ...line, on: 'person.appeared', text: '{session.dwellMs}' }] })[0] ?? '', /there is no field/);
  assert.match(faults({ lines: [{ ...line, on: 'person.left', text: 'BYE', settled: 'age' }] })[0] ?? '', /lines\.0\.settled/);
  assert.match(
    faults({ commands: [{ text: 'SAY {words}', command: 'x', input: { text: '{wrds}' } }] })[0] ?? '',
    /commands\.0\.input: there is no {wrds} .*Did you mean "words"/,
  );
  assert.equal(grantsMissing({ lines: [{ ...line, on: 'person.left', text: '{person.id} {session.age.band} {person.zone} {reason}' }] }, ['person.age']), [
    'person.position',
  ]);
});

test('patterns: names take what stands up to the next fixed part', () => {
  const match = (pattern: string, line: string) => {
    const found = compilePattern(pattern).match(line);
    return found && { ...found };
  };
  assert.equal(match('LIGHT ON', 'LIGHT ON'), {});
  assert.is(match('LIGHT ON', 'LIGHT ON '), undefined);
  assert.equal(match('SAY {words}', 'SAY hello {there}'), { words: 'hello {there}' });
  assert.equal(match('{who}: {words} in {language}', 'a: b in c in d'), { who: 'a', words: 'b', language: 'c in d' });
  assert.equal(match('[{x}]', '[1]'), { x: '1' });
  for (const other of ['[1', '1]', '[]x', '', ']1[']) assert.is(match('[{x}]', other), undefined, other);
  assert.equal(fillInput({ text: 'say {x}', list: ['{x}', 1], n: null }, { x: 'ä' }), { text: 'say ä', list: ['ä', 1], n: null });
  assert.match(patternFaults('commands.0', '{a}{b}', {})[0] ?? '', /nothing stands between two names/);
  assert.match(patternFaults('commands.0', '{a} {a}', {})[0] ?? '', /{a} stands there twice/);
});

test('the port over the mock: writes, reads, one at a time, and gone when it is closed', async () => {
  mock.reset();
  mock.createPort('/dev/mock', { record: true, readyData: Buffer.from('hi') });
  const read: Buffer[] = [];
  const port = await openWith(SerialPortMock, { path: '/dev/mock', baudRate: 9600 }, (bytes) => void read.push(Buffer.from(bytes)));
  await port.write(Buffer.from('HELLO\n'));
  await until('what the mock says', patienceMs, () => Buffer.concat(read).toString() === 'hi');
  assert.match(await rejected(openWith(SerialPortMock, { path: '/dev/mock', baudRate: 9600 }, () => {})), /Port is locked/i);
  await port.close('Mien stops');
  await port.close();
  assert.is(await port.closed, 'Mien stops');
  await rejected(port.write(Buffer.from('x')));
  assert.match(await rejected(openWith(SerialPortMock, { path: '/dev/none', baudRate: 9600 }, () => {})), /does not exist/i);
});

test('the connection over the mock: waits for a port that is not there yet, says so once, and ends at any time', async () => {
  mock.reset();
  const said: string[] = [];
  const note = (_fields: object, message: string) => void said.push(message);
  const log = { error: note, warn: note, info: note, debug() {}, trace() {} };
  const opened: Port[] = [];
  const lost: string[] = [];
  await using connection = new Connection({
    port: '/dev/mock',
    baudRate: 9600,
    openPort: (settings, onData) => openWith(SerialPortMock, settings, onData),
    listPorts: () => SerialPortMock.list(),
    log,
    onOpen: (port) => {
      opened.push(port);
      return () => {};
    },
    onLost: (reason) => void lost.push(reason),
  });
  connection.start();
  await until('the fault', patienceMs, () => connection.fault !== undefined);
  // A second try at least.
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(said, ['there is no port /dev/mock. There is no serial port at all: is the cable plugged in?']);
  mock.createPort('/dev/mock');
  await until('open', patienceMs, () => opened.length === 1);
  assert.is(connection.path, '/dev/mock');
  connection.drop('nobody reads');
  await until('open again', patienceMs, () => opened.length === 2);
  assert.equal(lost, ['nobody reads']);
  await connection[Symbol.asyncDispose]();
  assert.equal(lost, ['nobody reads', 'Mien stops']);
  assert.is(said.filter((line) => line.includes('is gone')).length, 1, 'its own end is no news');
});

test.run();
