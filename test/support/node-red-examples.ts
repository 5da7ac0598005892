/** The examples of the Node-RED package, run in a real Node-RED as they are: only what goes to the debug sidebar is listened to. */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from './must.ts';
import { mienCommand, type NodeRedStand, openNodeRed, type StandOptions } from './node-red-stand.ts';
import { until } from './processes.ts';
import { TemporaryFolder } from './temporary-folder.ts';

export interface ExampleNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly z?: string;
  readonly host?: string;
  readonly wires?: readonly (readonly string[])[];
  readonly [property: string]: unknown;
}

const folder = fileURLToPath(new URL('../../node-red-nodes/examples/', import.meta.url));
const WITHIN_MS = 120_000;

/** As the editor's menu lists them. */
export const exampleNames = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length))
  .sort();

/** The one that begins so, as "3". */
export function readExample(beginning: string): readonly ExampleNode[] {
  const name = must(exampleNames.find((one) => one.startsWith(beginning)));
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as readonly ExampleNode[];
}

/** This checkout's Mien as the command `mien` on PATH: where the examples look for it. */
export function mienOnPath(at: string): NodeJS.ProcessEnv {
  const file = join(at, 'mien');
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${mienCommand}' "$@"\n`);
  chmodSync(file, 0o755);
  return { PATH: `${at}:${process.env['PATH']}` };
}

export interface ExampleStand extends AsyncDisposable {
  readonly stand: NodeRedStand;
  /** Deploys an example in place of what ran. `change` is for what a machine has not: a broker's port, a camera. Resolves when its Mien is there. */
  play(beginning: string, change?: (node: ExampleNode) => object): Promise<Example>;
}

export interface Example {
  /** Presses the button of an inject node. */
  press(name: string): Promise<void>;
  /** Payloads that a debug node showed since the deploy. */
  shown(name: string): unknown[];
  /** Until it showed so many; all of them. */
  told(name: string, count?: number): Promise<unknown[]>;
}

export async function openExamples(options: StandOptions = {}): Promise<ExampleStand> {
  const bin = new TemporaryFolder();
  const stand = await openNodeRed({
    ...options,
    env: { ...mienOnPath(bin.path), ...options.env },
    prepare(userDir) {
      writeFileSync(join(userDir, 'test-settings.json'), JSON.stringify({ fileWorkingDirectory: userDir }));
      options.prepare?.(userDir);
    },
  });
  return {
    stand,
    async play(beginning, change = () => ({})) {
      const nodes = readExample(beginning).map((node) => ({ ...node, ...(node.type === 'debug' && { type: 'tap' }), ...change(node) }));
      await stand.deploy(nodes);
      const from = stand.taps.length;
      const named = (name: string): string => must(nodes.find((node) => node.name === name)).id;
      const shown = (name: string): unknown[] => {
        const id = named(name);
        return stand.taps.slice(from).flatMap(({ tap, msg }) => (tap === id ? [msg.payload] : []));
      };
      await stand.connected(must(nodes.find(({ type }) => type === 'mien-host')).id);
      return {
        async press(name) {
          const { status } = await fetch(`${stand.url}/inject/${named(name)}`, { method: 'POST' });
          if (status !== 200) throw new Error(`the button "${name}" answers ${status}`);
        },
        shown,
        async told(name, count = 1) {
          await until(`${count} at "${name}"`, WITHIN_MS, () => shown(name).length >= count).catch((fault) => {
            throw new Error(`${fault.message}; it showed ${JSON.stringify(shown(name)).slice(0, 500)}; Node-RED said: ${stand.log()}`);
          });
          return shown(name);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await stand[Symbol.asyncDispose]();
      bin[Symbol.dispose]();
    },
  };
}
