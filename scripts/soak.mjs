// `npm run test:soak [file ...]`: what `npm test` does once, a hundred times: fuzz, properties, swaps, crash loops, kills, redeploys. Over an hour.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './setup.mjs';

const files = [
  'test/native/fuzz.test.ts',
  'test/core/camera/y4m.test.ts',
  'test/core/people/properties.test.ts',
  'test/core/people/expression.test.ts',
  'test/core/inference/model-manager.test.ts',
  'test/core/host/grants.test.ts',
  'test/core/host/plugins/feed.test.ts',
  'test/core/host/plugins/event-gate.test.ts',
  'test/core/host/plugins/exchange.test.ts',
  'test/core/plugin-runtime/outbox-property.test.ts',
  'test/core/simulate/any-scenario.test.ts',
  'test/core/tape/replay.test.ts',
  'test/core/tape/tape-faults.test.ts',
  'test/plugins/outbox-kill.test.ts',
  'test/plugins/first-party/mqtt/restarts.test.ts',
  'test/plugins/first-party/mqtt/acknowledgement.test.ts',
  'test/plugins/first-party/serial-robot/wire.test.ts',
  'test/plugins/first-party/webhook/killed.test.ts',
  'test/plugins/first-party/dialogue/door.test.ts',
  'test/node-red/host-life.test.ts',
  'test/node-red/editor.test.ts',
  'test/node-red/dashboard.test.ts',
  'test/plugins/changes.test.ts',
  'test/plugins/faults.test.ts',
  'test/e2e/sight-soak.test.ts',
];
const asked = process.argv.length > 2 ? process.argv.slice(2) : files.map((file) => join(root, file));
const done = spawnSync(process.execPath, [join(root, 'scripts', 'test.mjs'), ...asked], { stdio: 'inherit', env: { ...process.env, MIEN_SOAK: '1' } });
process.exitCode = done.status ?? 1;
