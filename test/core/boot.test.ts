import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Boot, type BootOptions, isSupervised, openBoot } from '../../core/src/boot.ts';
import { processIdentity } from '../../core/src/boot-record.ts';
import { MienError } from '../../core/src/errors.ts';
import { rejectsWith } from '../support/errors.ts';
import { must } from '../support/must.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const boots = suite('starts and safe mode');
let folder: TemporaryFolder;
let path = '';
boots.before.each(() => {
  folder = new TemporaryFolder();
  path = join(folder.path, 'mien.yaml');
  write('');
  delete process.env['INVOCATION_ID'];
  delete process.env['NOTIFY_SOCKET'];
});
boots.after.each(() => folder[Symbol.dispose]());

const write = (more: string) => writeFileSync(path, `version: 2\nstateFolder: state\nplugins: { a: { from: ./a.ts } }\nmodules: [./board.mjs]\n${more}`);
const open = (options: Partial<BootOptions> = {}): Promise<Boot> => openBoot({ path, ...options });
const crash = new MienError('SIGHT_LOST', 'sight died');

async function failing(options: Partial<BootOptions> = {}, fault: unknown = crash): Promise<string | undefined> {
  await using boot = await open(options);
  await boot.failed(fault);
  return boot.safeMode;
}

boots('the third start that failed makes the next one safe: no plugins, no modules, and it says why', async () => {
  for (let i = 0; i < 3; i += 1) assert.is(await failing(), undefined);
  await using boot = await open();
  assert.match(must(boot.safeMode), /the last 3 starts failed, the newest \(.*\) so: SIGHT_LOST: sight died/);
  assert.equal(boot.config.plugins, {});
  assert.equal(boot.config.modules, []);
});

boots('after a safe start that was stopped by a signal the next one is a normal one', async () => {
  for (let i = 0; i < 3; i += 1) await failing();
  await (await open()).stopped();
  await using boot = await open();
  assert.is(boot.safeMode, undefined);
  assert.ok(boot.config.plugins['a']);
  assert.equal(boot.config.modules, [join(folder.path, 'board.mjs')]);
});

boots('a start that ran its time is good, and so are those that failed before it', async () => {
  await failing();
  await failing();
  {
    await using boot = await open({ goodAfterMs: 1 });
    boot.running();
    while (readdirSync(join(folder.path, 'state', 'boots')).some((name) => name.endsWith('.json'))) await new Promise((resolve) => setTimeout(resolve, 5));
    // Whatever comes later is no failed start.
    await boot.failed(crash);
  }
  assert.is(await failing(), undefined);
  assert.is(await failing(), undefined);
  assert.is(await failing(), undefined);
  assert.ok(await failing());
});

boots('a start that does not say how it ended has failed; one that still runs has not', async () => {
  // What a process that was killed leaves.
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await new Promise((resolve) => child.once('spawn', resolve));
  const pid = must(child.pid);
  const record = async () => {
    await using _ = await open();
    const file = join(folder.path, 'state', 'boots', must(readdirSync(join(folder.path, 'state', 'boots')).find((name) => name.endsWith('.json'))));
    const state = JSON.parse(readFileSync(file, 'utf8'));
    return { file, state };
  };
  const { file, state } = await record();
  const foreign = { ...state, open: { ...state.open, pid, process: processIdentity(pid) }, failed: Array(2).fill({ atWallMs: 1, reason: 'x', safe: false }) };
  writeFileSync(file, JSON.stringify(foreign));
  await using beside = await open();
  assert.is(beside.safeMode, undefined);
  await beside.failed(crash);
  assert.equal(JSON.parse(readFileSync(file, 'utf8')), foreign, 'the record is of the one that runs');
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  await using next = await open();
  assert.match(must(next.safeMode), /the last 3 starts failed.*ended without a word/);
});

boots('mistakes at a terminal do not count, under systemd they do', async () => {
  write('device: "!"\n');
  const mistaken = () => rejectsWith('CONFIG_INVALID', () => open());
  for (let i = 0; i < 4; i += 1) await mistaken();
  const taken = new MienError('PORT_IN_USE', 'taken');
  write('');
  for (let i = 0; i < 4; i += 1) assert.is(await failing({}, taken), undefined);
  process.env['INVOCATION_ID'] = '1';
  assert.ok(isSupervised());
  write('device: "!"\n');
  for (let i = 0; i < 3; i += 1) await mistaken();
  await using boot = await open();
  assert.match(must(boot.safeMode), /the last 3 starts failed.*CONFIG_INVALID.*device/s);
  assert.match(must(boot.safeMode), /every default, since no configuration has run well yet/);
  assert.is(boot.config.device, 'mien');
});

boots('a faulty file is replaced by the configuration that last ran well, whose copy nobody else may read', async () => {
  write('device: good-one\nlog: { file: ./x.log }\n');
  {
    await using boot = await open({ goodAfterMs: 1 });
    boot.running();
    const kept = () => readdirSync(join(folder.path, 'state', 'boots')).find((name) => name.endsWith('.yaml'));
    while (!kept()) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.is(statSync(join(folder.path, 'state', 'boots', must(kept()))).mode & 0o777, 0o600);
  }
  for (const faulty of ['device: [\n', 'divice: x\n']) {
    write(faulty);
    await rejectsWith('CONFIG_INVALID', () => open());
    await using boot = await open({ safe: true });
    assert.match(must(boot.safeMode), /asked for with --safe; .*with the configuration that last ran well/s);
    assert.is(boot.config.device, 'good-one');
    assert.equal(boot.config.plugins, {});
    assert.is(boot.config.stateFolder, join(folder.path, 'state'));
  }
});

boots('safe mode with a file that checks uses it; when that failed too, what last ran well', async () => {
  write('device: good-one\n');
  {
    await using boot = await open({ goodAfterMs: 1 });
    boot.running();
    while (!readdirSync(join(folder.path, 'state', 'boots')).some((name) => name.endsWith('.yaml'))) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  write('device: bad-one\n');
  for (let i = 0; i < 3; i += 1) await failing();
  {
    await using boot = await open();
    assert.is(boot.config.device, 'bad-one');
    await boot.failed(crash);
  }
  await using boot = await open();
  assert.is(boot.config.device, 'good-one');
  assert.match(must(boot.safeMode), /mien\.yaml failed in safe mode too; with the configuration that last ran well/);
});

boots('what ran in safe mode did not prove itself: it does not become what last ran well', async () => {
  write('device: good-one\n');
  const runs = async (options: Partial<BootOptions>) => {
    await using boot = await open({ goodAfterMs: 1, ...options });
    boot.running();
    while (readdirSync(join(folder.path, 'state', 'boots')).some((name) => name.endsWith('.json'))) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await runs({});
  write('device: untried\n');
  await runs({ safe: true });
  write('device: [\n');
  await using boot = await open({ safe: true });
  assert.is(boot.config.device, 'good-one');
});

boots('what the command line says stands over all, also in safe mode, and its faults are its own', async () => {
  await using boot = await open({ safe: true, override: (settings) => ({ ...settings, device: 'told' }) });
  assert.is(boot.config.device, 'told');
  await rejectsWith('CONFIG_INVALID', () => open({ safe: true, override: (settings) => ({ ...settings, device: '!' }) }));
});

boots('starts that do not count leave nothing', async () => {
  for (let i = 0; i < 4; i += 1) assert.is(await failing({ counts: false }), undefined);
  assert.equal(readdirSync(folder.path), ['mien.yaml']);
});

boots('each configuration has its own record', async () => {
  for (let i = 0; i < 3; i += 1) await failing();
  const other = join(folder.path, 'other.yaml');
  writeFileSync(other, 'version: 2\nstateFolder: state\n');
  assert.is(await failing({ path: other }), undefined);
  assert.ok(await failing());
});

boots('a record that makes no sense counts as nothing, a folder that cannot be written is told once and stops nothing', async () => {
  for (let i = 0; i < 3; i += 1) await failing();
  const place = join(folder.path, 'state', 'boots');
  for (const nonsense of ['{', '{"version":1}', '{"version":1,"failed":[null,null,null]}', '7']) {
    for (const name of readdirSync(place)) writeFileSync(join(place, name), nonsense);
    await using boot = await open({ counts: false });
    assert.is(boot.safeMode, undefined);
  }
  writeFileSync(join(folder.path, 'file'), '');
  writeFileSync(path, 'version: 2\nstateFolder: file\n');
  const told: string[] = [];
  await using boot = await open({ onUnwritable: (where) => void told.push(where) });
  await boot.failed(crash);
  assert.is(told.length, 1);
});

boots('a process is known by more than its number', () => {
  assert.match(must(processIdentity(process.pid)), new RegExp(`^[0-9a-f-]{36}:${process.pid}:\\d+$`));
  assert.is(processIdentity(2 ** 22 + 1), undefined);
});

boots.run();
