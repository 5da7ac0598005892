import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { launcher } from '../support/mien-command.ts';

const output = suite('standard output that takes no more');

output('a reader that has had enough ends the command quietly', async () => {
  const script = 'set -o pipefail; "$0" "$1" run --once --json | head -n 1; echo "ended with $?" >&2';
  const child = spawn('bash', ['-c', script, process.execPath, launcher], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  await once(child, 'close');
  assert.is(stdout.trim().split('\n').length, 1);
  assert.match(stderr, /ended with 0/);
  assert.not.match(stderr, /EPIPE|\n\s+at /);
});

output('a full disk behind stdout is told in one sentence', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [launcher, 'run', '--once', '--json'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  let stderr = '';
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  const [code] = await once(child, 'close');
  assert.is(code, 1);
  assert.match(stderr, /standard output cannot be written: ENOSPC/);
  assert.not.match(stderr, /\n\s+at /, 'a sentence, no stack');
});

output.run();
