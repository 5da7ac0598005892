/** `mien mcp`: real processes on both sides, the SDK's client in front, and a Mien that is ended and started again behind it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PeopleReport } from '../../../../plugins/dialogue/reports.ts';
import { root, startExample } from '../../../support/example-run.ts';
import { type ConnectedClient, connectClient } from '../../../support/mcp.ts';
import { launcher, mien, type Running, startMien } from '../../../support/mien-command.ts';
import { patienceMs } from '../../../support/plugin-host.ts';
import { isRunning, until } from '../../../support/processes.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

const stdio = suite('dialogue: mien mcp');

const scenario = 'plugins/dialogue/scenario.yaml';
/** The example, on any port. */
const example = readFileSync(join(root, 'plugins/dialogue/example.yaml'), 'utf8').replace(/(from: '@mien\/plugins\/dialogue')/, '$1\n    options: { port: 0 }');
function writeConfig(folder: TemporaryFolder, text: string): string {
  const path = join(folder.path, 'mien.yaml');
  writeFileSync(path, text);
  return path;
}

function bridge(url: string): StdioClientTransport {
  return new StdioClientTransport({
    command: process.execPath,
    args: [launcher, 'mcp', '--url', url],
    env: { ...process.env } as Record<string, string>,
    stderr: 'pipe',
  });
}
const urlIn = (shown: string): string => /console: (http:\S+)/.exec(shown)?.[1] ?? '';

async function whoIsHere({ client }: ConnectedClient): Promise<PeopleReport> {
  const { structuredContent } = await client.callTool({ name: 'who_is_here' });
  return structuredContent as PeopleReport;
}

stdio('without a Mien, without the plugin, without its token: it ends with what to do', async () => {
  using folder = new TemporaryFolder();
  const nobody = await mien(['mcp', '--url', 'http://127.0.0.1:9']);
  assert.is(nobody.code, 1);
  assert.is(nobody.stdout, '');
  assert.match(nobody.stderr, 'mien: no Mien answers at http://127.0.0.1:9: start it (mien run)');
  assert.is((await mien(['mcp', '--url', 'nix'])).code, 2);
  await using run = await startExample(['simulate', scenario, '--config', writeConfig(folder, 'version: 2')], folder.path);
  const { code, stderr } = await mien(['mcp', '--url', urlIn(run.running.shown())]);
  assert.is(code, 1);
  assert.match(stderr, 'the plugin dialogue does not run');
  assert.match(stderr, 'mien plugin add @mien/plugins/dialogue');
});

stdio('all of it over stdin and stdout; it outlives a restart of Mien, with the same subscriptions, and refuses meanwhile', async () => {
  using folder = new TemporaryFolder();
  const args = ['simulate', scenario, '--config', writeConfig(folder, example), '--speed', '4'];
  const first = await startExample(args, folder.path);
  const url = urlIn(first.running.shown());
  const transport = bridge(url);
  let pid = 0;
  let second: Running | undefined;
  try {
    await using connected = await connectClient(transport as Transport);
    pid = transport.pid ?? 0;
    assert.equal((await connected.client.listTools()).tools.map(({ name }) => name).sort(), ['describe_scene', 'say', 'wait_for', 'who_is_here']);
    await connected.client.subscribeResource({ uri: 'mien://people' });
    const came = await connected.client.callTool({ name: 'wait_for', arguments: { what: 'person', timeoutS: 60 } });
    assert.is((came.structuredContent as { happened: boolean }).happened, true, JSON.stringify(came));
    await until('somebody is told of', patienceMs, async () => (await whoIsHere(connected)).isSimulated === true);
    await until('a change is told', patienceMs, () => connected.updates.length > 0);

    // What is under way when Mien ends is refused, and so is what is asked while it is away.
    const waiting = connected.client.callTool({ name: 'wait_for', arguments: { what: 'leaving', timeoutS: 120 } }).then(
      ({ isError }) => `answered, error ${isError}`,
      (fault: Error) => fault.message,
    );
    await first.stop();
    const outcome = await waiting;
    assert.ok(/Mien cannot answer now|answered/.test(outcome), outcome);
    await connected.client.callTool({ name: 'who_is_here' }).then(
      () => assert.unreachable('it is away'),
      (fault: Error) => assert.match(fault.message, 'no Mien answers'),
    );
    connected.updates.length = 0;
    // At the same address.
    second = startMien([...args, '--port', new URL(url).port], { cwd: root, env: { STATE_DIRECTORY: folder.path } });
    await until('it answers again', patienceMs, () =>
      whoIsHere(connected).then(
        () => true,
        () => false,
      ),
    );
    await until('the old subscription tells again', patienceMs, () => connected.updates.some(({ uri }) => uri === 'mien://people'));
    await until('somebody is here again', patienceMs, async () => (await whoIsHere(connected)).count > 0);
  } finally {
    await first[Symbol.asyncDispose]();
    second?.process.kill('SIGKILL');
    await second?.done;
  }
  await until('the bridge ends with its client', patienceMs, () => !isRunning(pid));
});

stdio.run();
