// Which Node runs Mien: the one at hand when it is new enough, else a local Node 24 from the npm registry (a plain tarball).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { giveUp, say } from './say.mjs';

const LOCAL_VERSION = '24.21.0';
const MINIMUM = [22, 18];

export function isNewEnough(version, [major, minor] = MINIMUM) {
  const [have, haveMinor] = version.split('.').map(Number);
  return have > major || (have === major && haveMinor >= minor);
}

/** Unpacks Node `version` from the npm registry into `folder`; returns the path of its binary. */
export function fetchNode(folder, version) {
  const binary = join(folder, 'bin', 'node');
  if (existsSync(binary)) return binary;
  const name = `node-${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') {
    giveUp(`Node ${version} is needed, this is ${process.versions.node}. Install Node 24 and run the command again.`);
  }
  say(`mien set-up: fetching Node ${version} (this one is ${process.versions.node})`);
  const work = `${folder}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  const packed = spawnSync('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', work], { encoding: 'utf8', cwd: work });
  const tarball = readdirSync(work).find((file) => file.endsWith('.tgz'));
  if (packed.status !== 0 || !tarball) {
    giveUp(
      `could not fetch the npm package ${name}@${version}: ${packed.stderr?.trim() || packed.error?.message}. Install Node 24 yourself and run the command again.`,
    );
  }
  spawnSync('tar', ['xzf', tarball, '--strip-components=1'], { cwd: work });
  rmSync(join(work, tarball));
  mkdirSync(dirname(folder), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(work, folder);
  return binary;
}

/** Absolute path of the Node that runs Mien in the repository at `root`. */
export function ensureNode(root) {
  if (isNewEnough(process.versions.node)) return process.execPath;
  return fetchNode(join(root, '.mien', 'node'), LOCAL_VERSION);
}

/** The same for the tests: they are run as TypeScript, and `using` is part of the language from Node 24 on only. */
export function ensureTestNode(root) {
  if (isNewEnough(process.versions.node, [24, 0])) return process.execPath;
  return fetchNode(join(root, '.mien', 'node'), LOCAL_VERSION);
}
