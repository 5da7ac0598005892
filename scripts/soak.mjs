// `npm run test:soak`: the long form of the tests that `npm test` runs at a hundredth: fuzz, properties, repeated kills and swaps.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const parts = process.argv.length > 2 ? process.argv.slice(2) : ['native', 'unit', 'contract', 'e2e'];
const runner = fileURLToPath(new URL('test.mjs', import.meta.url));
const done = spawnSync(process.execPath, [runner, ...parts], { stdio: 'inherit', env: { ...process.env, MIEN_SOAK: '1' } });
process.exitCode = done.status ?? 1;
