#!/usr/bin/env node
// The launcher: plain JavaScript for old Nodes too. In a checkout it brings set-up and Node along (speaking on stderr only);
// installed from npm it goes straight to the program.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const core = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
const setup = join(core, '..', 'scripts', 'setup.mjs');
const program = join(core, 'dist', 'cli.js');
const [major, minor] = process.versions.node.split('.').map(Number);
let node = process.execPath;

if (existsSync(setup) && existsSync(join(core, 'src'))) {
  const { ensureSetup } = await import(pathToFileURL(setup).href);
  node = ensureSetup();
} else if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `mien needs Node 22.18 or newer; this is ${process.versions.node}. Install Node 24, or run it with: npx -p node-linux-${process.arch}@24 node ${fileURLToPath(import.meta.url)}\n`,
  );
  process.exit(2);
}

if (node === process.execPath) {
  await import(pathToFileURL(program).href);
} else {
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.title = 'mien'; // As the child does: the arguments may hold a camera's password.
  // The terminal signals the whole group; the child decides when to end. A signal sent to the launcher alone is passed on.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 1);
  });
  child.on('error', (error) => {
    process.stderr.write(`mien: could not start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
}
