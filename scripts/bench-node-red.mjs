// `npm run bench:node-red [latency|analyses|starts|resumes ...]`: figures of the Node-RED nodes as JSON lines, by the Node that tests run on. Run it on a quiet machine.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { ensureTestNode } from './lib/node.mjs';
import { ensureSetup, root } from './setup.mjs';

ensureSetup();
const node = ensureTestNode(root);
const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` };
const { status } = spawnSync(node, [join(root, 'scripts', 'bench-node-red', 'measure.mjs'), ...process.argv.slice(2)], { cwd: root, env, stdio: 'inherit' });
process.exitCode = status ?? 1;
