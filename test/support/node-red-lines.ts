/** Our package as a tarball, and other lines of Node and Node-RED, fetched once into .mien/. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNodeRed } from '../../scripts/build-node-red.mjs';
import { must } from './must.ts';
import type { NodeRedStand } from './node-red-stand.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const kept = join(root, '.mien');
const FETCH_WITHIN_MS = 240_000;

/** npm of this checkout, as Node-RED's palette calls it. */
export const withNpm = (env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH']}`,
  ...env,
});

/** What `npm pack` makes of the package. */
export async function packNodeRedNodes(folder: string): Promise<Buffer> {
  const home = join(folder, 'package');
  mkdirSync(home);
  for (const part of ['package.json', 'README.md', 'LICENSE', 'examples']) cpSync(join(root, 'node-red-nodes', part), join(home, part), { recursive: true });
  await buildNodeRed(join(home, 'dist'));
  const { status, stderr } = spawnSync('npm', ['pack', '--offline', '--pack-destination', folder], {
    cwd: home,
    env: { ...process.env, ...withNpm() },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm pack: ${stderr}`);
  return readFileSync(join(folder, must(readdirSync(folder).find((name) => name.endsWith('.tgz')))));
}

export interface NodeSet {
  readonly id: string;
  readonly module: string;
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly err?: string;
}

/** As the upload of the palette manager does. */
export async function uploadToPalette({ url }: NodeRedStand, tarball: Buffer): Promise<Response> {
  const form = new FormData();
  form.set('tarball', new Blob([Uint8Array.from(tarball)], { type: 'application/gzip' }), 'mien-node-red.tgz');
  return await fetch(`${url}/nodes`, { method: 'POST', body: form });
}

export async function setsOf({ url }: NodeRedStand): Promise<NodeSet[]> {
  const answer = await fetch(`${url}/nodes`, { headers: { accept: 'application/json' } });
  return ((await answer.json()) as NodeSet[]).filter(({ module }) => module === '@mien/node-red');
}

/** The packages installed in a folder of .mien/ that is kept; undefined, having said so, where they cannot be fetched. */
export function fetchPackages(name: string, packages: readonly string[]): string | undefined {
  const folder = join(kept, name);
  if (existsSync(folder)) return folder;
  const work = `${folder}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, 'package.json'), '{"private":true}');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...packages];
  const { status, stderr } = spawnSync('npm', args, { cwd: work, env: { ...process.env, ...withNpm() }, encoding: 'utf8', timeout: FETCH_WITHIN_MS });
  if (status === 0) {
    renameSync(work, folder);
    return folder;
  }
  rmSync(work, { recursive: true, force: true });
  console.log(`SKIPPED: npm could not fetch ${packages.join(' ')}: ${stderr.trim().slice(0, 200)}`);
  if (process.env['CI']) throw new Error('in CI it must be there');
  return undefined;
}
