// Virtual environments of the Python tests, each made once per version of its pins.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { aptInstall } from './programs.mjs';
import { say } from './say.mjs';
import { hashInputs, isFresh, writeStamp } from './stamp.mjs';

/** proof: shows that an environment made by hand has what the tests need; note: said before it is made. */
const environments = {
  base: { stamp: 'python', note: '' },
  train: {
    stamp: 'python-train',
    proof: 'import torch, safetensors, onnxruntime, pytest',
    note: ', with PyTorch: some minutes and 7 GB of disk, since its build for Linux brings CUDA',
  },
};

const pinsOf = (name) => [`model/requirements/${name}.txt`];
const pythonOf = (root, name) => join(root, 'model', `.venv-${name}`, 'bin', 'python');

function findPython() {
  for (const name of ['python3.11', 'python3.12', 'python3.13', 'python3']) {
    const asked = spawnSync(name, ['-c', 'import sys, venv, ensurepip; print(sys.version_info >= (3, 11))'], { encoding: 'utf8' });
    if (asked.status === 0 && asked.stdout.trim() === 'True') return name;
  }
  return undefined;
}

/** The environment's Python where it can be used as it is, else undefined; makes nothing. */
export function readyPython(root, name) {
  const { stamp, proof } = environments[name];
  const python = pythonOf(root, name);
  const made = isFresh(root, stamp, hashInputs(root, pinsOf(name)), [relative(root, python)]);
  if (made || (proof && existsSync(python) && spawnSync(python, ['-c', proof], { stdio: 'ignore' }).status === 0)) return python;
  return undefined;
}

/** Returns the environment's Python, made if need be, or the sentence that says why there is none. */
export function ensurePython(root, name = 'base') {
  const ready = readyPython(root, name);
  if (ready) return { python: ready };
  const [python, [pins], { stamp, note }] = [pythonOf(root, name), pinsOf(name), environments[name]];
  let base = findPython();
  if (!base) {
    const why = aptInstall(['python3', 'python3-venv']);
    if (why) return { why: `Python 3.11 or newer with venv is needed: ${why}` };
    base = findPython();
  }
  if (!base) return { why: 'Python 3.11 or newer with venv is needed, and the one that apt brings is older' };
  say(`mien tests: making the Python environment '${name}' of the model tests${note}`);
  const run = (program, args) => spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
  if (!existsSync(python) && !run(base, ['-m', 'venv', `model/.venv-${name}`])) return { why: 'python -m venv failed (see above)' };
  if (!run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', pins])) return { why: `pip could not install ${pins} (see above)` };
  writeStamp(root, stamp, hashInputs(root, [pins]));
  return { python };
}
