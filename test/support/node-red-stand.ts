/** A real Node-RED in a process of its own with our package installed as a tarball would be, and ways to talk to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildNodeRed } from '../../scripts/build-node-red.mjs';
import { until } from './processes.ts';
import { TemporaryFolder } from './temporary-folder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = fileURLToPath(new URL('./node-red-process.ts', import.meta.url));
/** What the child runs: the compiled command line of this checkout, without its set-up. */
export const mienCommand = join(root, 'core', 'dist', 'cli.js');
const WITHIN_MS = 60_000;

export interface Tapped {
  readonly tap: string;
  readonly msg: { readonly topic?: string; readonly payload?: unknown; readonly event?: { readonly id: string } };
}

export interface HostView {
  readonly kind: string;
  readonly text: string;
  readonly url?: string;
  readonly restarts: number;
  readonly installLine?: string;
}

/** Bytes. */
export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
}

export interface NodeRedStand extends AsyncDisposable {
  readonly url: string;
  readonly userDir: string;
  readonly process: ChildProcess;
  /** From init to the first flows, as the process measured it. */
  readonly startMs: number;
  /** Of the processor, in that time: what a busy machine does not change much. */
  readonly cpuMs: number;
  /** Messages that reached nodes of type `tap`. */
  readonly taps: Tapped[];
  deploy(flow: readonly object[], type?: 'full' | 'nodes' | 'flows'): Promise<void>;
  host(id?: string): Promise<HostView>;
  connected(id?: string): Promise<HostView>;
  get(path: string): Promise<Response>;
  /** Everything said on standard output and error. */
  log(): string;
  /** After a garbage collection. */
  memory(): Promise<Memory>;
}

export interface StandOptions {
  readonly flow?: readonly object[];
  /** False for a Node-RED without our package. */
  readonly withNodes?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Program and arguments in place of this Node. */
  readonly node?: readonly [string, ...string[]];
  /** Adds to the user directory before Node-RED starts. */
  readonly prepare?: (folder: string) => void;
}

/** What the process says once flows run. */
type Ready = Pick<NodeRedStand, 'url' | 'startMs' | 'cpuMs'>;

/** Lays out a user directory: the package, and a node `tap` that prints what reaches it. */
export async function makeUserDir(folder: string, { flow = [], withNodes = true }: StandOptions = {}): Promise<void> {
  if (withNodes) {
    const home = join(folder, 'node_modules', '@mien', 'node-red');
    mkdirSync(home, { recursive: true });
    await buildNodeRed(join(home, 'dist'));
    cpSync(join(root, 'node-red-nodes', 'package.json'), join(home, 'package.json'));
    const examples = join(root, 'node-red-nodes', 'examples');
    if (existsSync(examples)) cpSync(examples, join(home, 'examples'), { recursive: true });
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, dependencies: withNodes ? { '@mien/node-red': '0.1.0' } : {} }));
  mkdirSync(join(folder, 'nodes'), { recursive: true });
  writeFileSync(
    join(folder, 'nodes', 'tap.js'),
    `module.exports = (RED) => RED.nodes.registerType('tap', function (def) {
  RED.nodes.createNode(this, def);
  this.on('input', (msg, send, done) => { console.log(JSON.stringify({ tap: this.id, msg })); done(); });
});\n`,
  );
  writeFileSync(join(folder, 'nodes', 'tap.html'), `<script>RED.nodes.registerType('tap', { category: 'test', defaults: {}, inputs: 1 })</script>\n`);
  writeFileSync(join(folder, 'flows.json'), JSON.stringify(flow));
}

export async function openNodeRed(options: StandOptions = {}): Promise<NodeRedStand> {
  const folder = new TemporaryFolder();
  await makeUserDir(folder.path, options);
  options.prepare?.(folder.path);
  const [node, ...args] = options.node ?? [process.execPath];
  const child = spawn(node, [...args, '--expose-gc', program, folder.path], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_RED_HOME: '', ...options.env },
  });
  const taps: Tapped[] = [];
  let said = '';
  let memory: Memory | undefined;
  let ready: Ready | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told = line.startsWith('{') ? (JSON.parse(line) as Tapped & Partial<Ready> & { memory?: Memory }) : undefined;
    if (told?.url) ready = told as Ready;
    else if (told?.tap) taps.push(told);
    else if (told?.memory) memory = told.memory;
    else said += `${line}\n`;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await until('Node-RED', WITHIN_MS, () => {
    if (child.exitCode !== null) throw new Error(`Node-RED ended: ${said}`);
    return ready !== undefined;
  });
  const { url, startMs, cpuMs } = ready as unknown as Ready;
  const get = (path: string): Promise<Response> => fetch(`${url}${path}`);
  const host = async (id = 'host'): Promise<HostView> => (await (await get(`/mien/hosts/${id}/status`)).json()) as HostView;
  return {
    url,
    userDir: folder.path,
    process: child,
    startMs,
    cpuMs,
    taps,
    get,
    host,
    async connected(id) {
      let view: HostView | undefined;
      await until('a host that is connected', WITHIN_MS, async () => {
        view = await host(id);
        return view.kind === 'connected';
      }).catch((fault) => {
        throw new Error(`${fault.message}; it is ${JSON.stringify(view)}; Node-RED said: ${said}`);
      });
      return view as HostView;
    },
    async deploy(flow, type = 'full') {
      const headers = { 'content-type': 'application/json', 'Node-RED-API-Version': 'v2', 'Node-RED-Deployment-Type': type };
      const response = await fetch(`${url}/flows`, { method: 'POST', headers, body: JSON.stringify({ flows: flow }) });
      if (!response.ok) throw new Error(`deploy: ${response.status} ${await response.text()}`);
    },
    log: () => said,
    async memory() {
      memory = undefined;
      child.kill('SIGUSR2');
      await until('its memory', WITHIN_MS, () => memory !== undefined);
      return memory as unknown as Memory;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await gone;
      clearTimeout(timer);
      folder[Symbol.dispose]();
    },
  };
}

/** Rows of a flow: a tab, a host that runs this checkout's Mien without cameras, and what is added. */
export function flowWith(nodes: readonly object[], host: object = {}): object[] {
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'host', type: 'mien-host', mode: 'here', command: mienCommand, profile: 'kiosk', ...host },
    ...nodes.map((node, n) => ({ z: 'tab', x: 100, y: 40 * (n + 1), wires: [], ...node })),
  ];
}
