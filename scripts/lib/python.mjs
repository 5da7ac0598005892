// A virtual environment with what the light Python tests need, made once per version of its pins.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall } from './programs.mjs';
import { say } from './say.mjs';
import { hashInputs, isFresh, writeStamp } from './stamp.mjs';

const pins = ['model/requirements/base.txt'];

function findPython() {
  for (const name of ['python3.11', 'python3.12', 'python3.13', 'python3']) {
    const asked = spawnSync(name, ['-c', 'import sys, venv, ensurepip; print(sys.version_info >= (3, 11))'], { encoding: 'utf8' });
    if (asked.status === 0 && asked.stdout.trim() === 'True') return name;
  }
  return undefined;
}

/** Returns the environment's Python, or the sentence that says why there is none. */
export function ensurePython(root) {
  const python = join(root, 'model', '.venv-base', 'bin', 'python');
  const hash = hashInputs(root, pins);
  if (isFresh(root, 'python', hash, [python])) return { python };
  let base = findPython();
  if (!base) {
    const why = aptInstall(['python3', 'python3-venv']);
    if (why) return { why: `Python 3.11 or newer with venv is needed: ${why}` };
    base = findPython();
  }
  if (!base) return { why: 'Python 3.11 or newer with venv is needed, and the one that apt brings is older' };
  say('mien tests: making the Python environment of the model tests');
  const run = (program, args) => spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
  if (!existsSync(python) && !run(base, ['-m', 'venv', 'model/.venv-base'])) return { why: 'python -m venv failed (see above)' };
  if (!run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', pins[0]]))
    return { why: 'pip could not install model/requirements/base.txt (see above)' };
  writeStamp(root, 'python', hash);
  return { python };
}
