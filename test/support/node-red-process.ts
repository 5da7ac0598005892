/**
 * Run as a process: a real Node-RED over a user directory (argument 1), with its `test-settings.json` if there is one, on any free port. Prints one JSON object a line: `{ url }` once it answers and flows run,
 * `{ tap, msg }` for each message that reaches a node of type `tap`, `{ memory }` after a SIGUSR2 and a collection. Stops on SIGTERM.
 */

import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

interface Runtime {
  init(server: object, settings: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly httpAdmin: unknown;
  readonly httpNode: unknown;
  readonly events: EventEmitter;
}

const [userDir = '.'] = process.argv.slice(2);
// Another line of Node-RED is in a folder of its own.
const require = createRequire(process.env['MIEN_TEST_NODE_RED'] ?? import.meta.url);
const red = require('node-red') as Runtime;
const express = createRequire(require.resolve('node-red'))('express') as () => RequestListener & { use(root: string, part: unknown): void };

// From where its core nodes are, Node-RED looks for others in each folder above: it would find those of this checkout.
const coreNodesDir = join(userDir, 'core-nodes');
if (!existsSync(coreNodesDir)) symlinkSync(dirname(createRequire(require.resolve('node-red')).resolve('@node-red/nodes')), coreNodesDir);

const settingsFile = join(userDir, 'test-settings.json');
const more = existsSync(settingsFile) ? (JSON.parse(readFileSync(settingsFile, 'utf8')) as object) : {};
const app = express();
const server = createServer(app);
const startedMs = performance.now();
const startedCpu = process.cpuUsage();
red.init(server, {
  userDir,
  coreNodesDir,
  flowFile: 'flows.json',
  credentialSecret: 'only for tests',
  httpAdminRoot: '/',
  httpNodeRoot: '/flows-http',
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false },
  logging: { console: { level: 'warn', metrics: false, audit: false } },
  ...more,
});
app.use('/flows-http', red.httpNode);
app.use('/', red.httpAdmin);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const flows = once(red.events, 'flows:started');
await red.start();
await flows;
const { user, system } = process.cpuUsage(startedCpu);
const { port } = server.address() as AddressInfo;
console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, startMs: performance.now() - startedMs, cpuMs: (user + system) / 1000 }));
process.on('SIGUSR2', () => {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  console.log(JSON.stringify({ memory: { rss, heapUsed } }));
});
process.on('SIGTERM', () => {
  void red.stop().then(() => process.exit(0));
});
