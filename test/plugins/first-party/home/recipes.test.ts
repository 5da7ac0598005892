/** The recipes of docs/automation.md for shell, MQTT and Node-RED, each run as it stands. */

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { checkConfig } from '../../../../core/src/load-config.ts';
import { requireMosquitto } from '../../../support/mosquitto.ts';
import { openNodeRed } from '../../../support/node-red-stand.ts';
import { patienceMs } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { findProgram, skip } from '../../../support/programs.ts';
import { codeOf, introduction, path, recipes, shapeOf, text } from './cookbook.ts';
import { openStand, type Stand } from './stand.ts';

requireMosquitto();
for (const program of ['jq', 'curl']) if (!findProgram([program], ['--version'])) skip(program, program);
if (!findProgram(['sh'], ['-c', 'command -v mosquitto_sub mosquitto_pub'])) skip('mosquitto_sub', 'mosquitto-clients');

const test = suite('automation cookbook');
let stand: Stand;
test.before(async () => {
  stand = await openStand();
});
test.after(async () => {
  await stand?.[Symbol.asyncDispose]();
});

/** Recipes whose command prints a line such as the one that stands below it. */
const printing = [
  'Who is here now',
  'A line for each visit',
  'Do something when somebody looks',
  'Count the visits of the last hour',
  'How many are there',
  'Visits as a table',
];
const others = [
  'A systemd service that runs while somebody is there',
  'Tell the screen something from elsewhere',
  // In home-assistant.test.ts.
  ...['Light when somebody is near after sunset', 'Say something when somebody looks', 'On the dashboard'],
  'Flag whoever stays and does not look',
];

test('every recipe is run here or beside, and links lead somewhere', () => {
  assert.equal([...recipes.keys()].sort(), [...printing, ...others].sort());
  for (const [, link = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) assert.ok(existsSync(join(dirname(path), link)), link);
  checkConfig(parse(introduction.find(({ language }) => language === 'yaml')?.code ?? ''));
});

for (const recipe of printing) {
  test(recipe, async () => {
    const wanted = shapeOf(codeOf(recipe, 'text'));
    await stand.shell(codeOf(recipe, 'sh'), (printed) => wanted.test(printed));
  });
}

test('Tell the screen something from elsewhere', async () => {
  const recipe = 'Tell the screen something from elsewhere';
  const rules = async () => (await stand.run<{ rules: string[] }>('kiosk-screen.status')).rules;
  assert.not.equal(await rules(), ['by-hand']);
  await stand.once(codeOf(recipe, 'sh', 0));
  await until('the command has come by the broker', patienceMs, async () => (await rules()).join() === 'by-hand');
  assert.is((await stand.once(codeOf(recipe, 'sh', 1))).trim(), codeOf(recipe, 'text').trim());
});

test('A systemd service that runs while somebody is there', async () => {
  const recipe = 'A systemd service that runs while somebody is there';
  const bin = join(stand.folder, 'bin');
  mkdirSync(bin);
  const told = join(stand.folder, 'told');
  const script = join(bin, 'while-somebody');
  for (const [file, code] of [
    [script, stand.here(codeOf(recipe, 'sh'))],
    [join(bin, 'systemctl'), `#!/bin/sh\necho "$@" >> '${told}'\n`],
  ] as const) {
    writeFileSync(file, code);
    chmodSync(file, 0o755);
  }
  const lines = () => (existsSync(told) ? readFileSync(told, 'utf8').split('\n') : []);
  await stand.shell(`'${script}' lamp.service`, () => ['start', 'stop'].every((word) => lines().includes(`${word} --no-block lamp.service`)), {
    PATH: `${bin}:${process.env['PATH']}`,
  });
  const unit = codeOf(recipe, 'ini');
  assert.match(unit, /^ExecStart=\/usr\/local\/bin\/while-somebody %i\.service$/m);
  if (!findProgram(['systemd-analyze'], ['--version']))
    return console.log('SKIPPED: the unit is not verified: systemd-analyze is missing (apt install systemd)');
  const file = join(stand.folder, 'while-somebody@.service');
  writeFileSync(file, unit.replace('/usr/local/bin/while-somebody', script));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', file.replace('@', '@lamp')], { encoding: 'utf8', timeout: 60_000 });
  assert.is(status, 0, stderr);
});

test('Flag whoever stays and does not look', async () => {
  const flow = JSON.parse(codeOf('Flag whoever stays and does not look', 'json')) as Array<Record<string, unknown>>;
  const own = flow.map((node) => {
    if (node['type'] === 'mqtt-broker') return { ...node, port: String(stand.broker.port) };
    return node['type'] === 'debug' ? { ...node, type: 'tap' } : node;
  });
  await using red = await openNodeRed({ withNodes: false, flow: own });
  await until('a visit comes out', patienceMs, () => red.taps.length > 0);
  assert.match(String(red.taps[0]?.msg.payload), /^looked for \d+ s$/);
  assert.not.match(red.log(), /\[error\]/, red.log());
  // Whoever did not look takes the other way.
  const data = { session: { looks: 0, attentionMs: 0 } };
  await stand.once(`mosquitto_pub -h 127.0.0.1 -t mien/kiosk/main/event/person.left -m '${JSON.stringify({ data })}'`);
  await until('it comes out', patienceMs, () => red.taps.some(({ msg }) => msg.payload === 'passed by'));
});

test.run();
