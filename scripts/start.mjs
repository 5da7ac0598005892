// `npm start`: set up, then `mien run` with the arguments given after `--`.
import { join } from 'node:path';
import { root } from './setup.mjs';

process.argv.splice(2, 0, 'run');
await import(join(root, 'core', 'bin', 'mien.mjs'));
