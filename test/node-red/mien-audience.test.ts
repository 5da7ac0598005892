import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createClient } from '../../core/src/client.ts';
import type { HostConnection, HostNode, HostState } from '../../node-red-nodes/src/host-connection.ts';
import mienAudience from '../../node-red-nodes/src/nodes/mien-audience.ts';
import mienHost from '../../node-red-nodes/src/nodes/mien-host.ts';
import type { NodeDef, RawNode, Red } from '../../node-red-nodes/src/red.ts';
import { openFlow } from '../support/flow-helper.ts';
import { openConsole } from '../support/open-console.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('mien-audience');
const WITHIN_MS = 20_000;
/** Yellow alone is the host that starts, too. */
const isWarning = (shown?: { fill?: string; shape?: string }): boolean => shown?.fill === 'yellow' && shown.shape === 'dot';
const audience = { id: 'audience', type: 'mien-audience', host: 'host', wires: [['out']] };

test('a Mien without summaries: the status says so, and each message goes to Catch by a code', async () => {
  using folder = new TemporaryFolder();
  await using app = await openConsole();
  const flow = [{ id: 'host', type: 'mien-host', mode: 'connect', url: app.url }, audience];
  await using run = await openFlow([mienHost, mienAudience], flow, { userDir: folder.path });
  await until('the status', WITHIN_MS, () => isWarning(run.statuses('audience').at(-1)));
  assert.is(run.faults.length, 0);
  run.send('audience', {});
  await until('a fault', WITHIN_MS, () => run.faults.length === 1);
  assert.is(run.faults[0]?.code, 'SERVICE_UNAVAILABLE');
  assert.is(run.messages.length, 0);
});

test('one that has them is passed on as it answers', async () => {
  using folder = new TemporaryFolder();
  const summary = { windows: [{ opportunityToSee: 12, watchers: 7 }] };
  const server = createServer((request, response) => response.end(request.url === '/v1/audience' ? JSON.stringify(summary) : '{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  /** A config node that is connected to it. */
  const hostOf = (red: Red): void =>
    red.nodes.registerType('mien-host', function (this: RawNode & Partial<HostNode>, def: NodeDef) {
      red.nodes.createNode(this, def);
      const state: HostState = { kind: 'connected', text: '', restarts: 0 };
      const client = createClient({ url: `http://127.0.0.1:${port}` });
      const on = (listener: (state: HostState) => void): Disposable => {
        listener(state);
        return { [Symbol.dispose]() {} };
      };
      const connection: HostConnection = { mode: 'connect', state, on, client: () => client, requireCamera: () => ({ [Symbol.dispose]() {} }) };
      Object.defineProperty(this, 'connection', { value: connection });
    });
  try {
    await using run = await openFlow([hostOf, mienAudience], [{ id: 'host', type: 'mien-host' }, audience], { userDir: folder.path });
    run.send('audience', { topic: 'kept' });
    await until('an answer', WITHIN_MS, () => run.messages.length === 1 && run.done.length === 1);
    assert.equal([run.messages[0]?.topic, run.messages[0]?.payload], ['kept', summary]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test.run();
