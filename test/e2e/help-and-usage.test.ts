import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mien } from '../support/mien-command.ts';

const usage = suite('usage of mien');

for (const args of [
  [],
  ['run'],
  ['analyze'],
  ['doctor'],
  ['bench'],
  ['model'],
  ['model', 'list'],
  ['model', 'info'],
  ['model', 'verify'],
  ['events'],
  ['mcp'],
  ['simulate'],
  ['calibrate'],
  ['plugin'],
  ...['create', 'dev', 'test', 'add', 'remove', 'enable', 'disable', 'list', 'info'].map((word) => ['plugin', word]),
]) {
  usage(`mien ${[...args, '--help'].join(' ')} explains and ends with 0`, async () => {
    const { code, stdout, stderr } = await mien([...args, '--help']);
    assert.is(code, 0);
    assert.match(stdout, /Usage: mien/);
    assert.is(stderr, '');
  });
}

const wrong: ReadonlyArray<readonly [args: readonly string[], says: RegExp]> = [
  [['analyse', 'x.jpg'], /Did you mean analyze\?/],
  [['run', '--ones'], /Did you mean --once\?/],
  [['analyze', '--jsno', 'x.jpg'], /Did you mean --json\?/],
  [['analyze'], /missing required argument/],
  [['plugin', 'crate', 'x'], /Did you mean create\?/],
  [['plugin', 'add'], /missing required argument/],
  [['run', '--port', 'many'], /whole number/],
  [['run', '--precision', 'int9', '--once'], /int8/],
  [['run', '--log-level', 'loud', '--once'], /level/],
  [['events', '--type', 'person.apeared'], /Did you mean "person\.appeared"\?/],
];
for (const [args, says] of wrong) {
  usage(`mien ${args.join(' ')} is refused with 2`, async () => {
    const { code, stdout, stderr } = await mien(args);
    assert.is(code, 2, stderr);
    assert.match(stderr, says);
    assert.is(stdout, '');
  });
}

usage('a network that the release does not have is refused with 1 and the nearest name', async () => {
  const { code, stdout, stderr } = await mien(['model', 'info', 'blazeface-ful']);
  assert.is(code, 1);
  assert.match(stderr, /It has .*blazeface-full.*Did you mean "blazeface-full"\?/);
  assert.is(stdout, '');
});

usage('mien events refuses what is no address with 2', async () => {
  const { code, stderr } = await mien(['events', '--url', 'nix']);
  assert.is(code, 2);
  assert.match(stderr, /--url expects an address/);
});

usage.run();
