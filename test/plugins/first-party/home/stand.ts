/** A Mien with virtual people and the settings of the cookbook, at a broker of its own; and the shell recipes run against both. */
import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { startMien } from '../../../support/mien-command.ts';
import { Mosquitto } from '../../../support/mosquitto.ts';
import { mienCommand } from '../../../support/node-red-stand.ts';
import { patienceMs, TemporaryFolder } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { introduction } from './cookbook.ts';

/** Somebody comes near, looks, and goes; again and again. */
const scenario = {
  name: 'cookbook',
  camera: 'main',
  lengthS: 9,
  people: [
    {
      id: 'eva',
      age: 40,
      enterS: 0.2,
      leaveS: 6,
      path: [
        { atS: 0, distanceM: 1.6 },
        { atS: 1.5, distanceM: 0.8 },
      ],
    },
  ],
};

export interface Stand extends AsyncDisposable {
  readonly folder: string;
  readonly url: string;
  readonly broker: Mosquitto;
  run<T>(command: string, input?: object): Promise<T>;
  /** As it stands in the cookbook, with this Mien and this broker in place of the usual ones. Resolves with what it printed once that is as wanted. */
  shell(code: string, wanted: (printed: string) => boolean, env?: NodeJS.ProcessEnv): Promise<string>;
  /** The same for what ends by itself. Rejects when it fails. */
  once(code: string): Promise<string>;
  /** The code with this stand's addresses. */
  here(code: string): string;
}

export async function openStand(): Promise<Stand> {
  const folder = new TemporaryFolder();
  const broker = await Mosquitto.open(folder.path);
  const settings = parse(introduction.find(({ language }) => language === 'yaml')?.code ?? '');
  settings.plugins.mqtt.options.url = broker.url;
  settings.plugins['kiosk-screen'].options = { port: 0 };
  const [config, played] = [join(folder.path, 'mien.yaml'), join(folder.path, 'scenario.yaml')];
  writeFileSync(config, JSON.stringify(settings));
  writeFileSync(played, JSON.stringify(scenario));
  const running = startMien(['simulate', played, '--config', config, '--port', '0'], { env: { STATE_DIRECTORY: join(folder.path, 'state') } });
  await running.until(/console: http:\S+/);
  await running.until(/the plugin mqtt runs/);
  await running.until(/the plugin kiosk-screen runs/);
  const url = /console: (http:[^/\s]+\/\/[^/\s]+|http:\S+)/.exec(running.shown())?.[1] as string;
  const here = (code: string): string =>
    code
      .replaceAll('http://127.0.0.1:7430', url)
      .replaceAll('npx mien events', `'${process.execPath}' '${mienCommand}' events --url ${url}`)
      .replaceAll(/(mosquitto_\w+ -h 127\.0\.0\.1)/g, `$1 -p ${broker.port}`);
  return {
    ...{ folder: folder.path, url, broker, here },
    async run(command, input = {}) {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/v1/commands/${command}`, { method: 'POST', headers, body: JSON.stringify(input) });
      return ((await answer.json()) as { result: never }).result;
    },
    shell: (code, wanted, env = {}) => shell(here(code), wanted, env),
    once: async (code) => (await promisify(execFile)('sh', ['-c', here(code)], { timeout: patienceMs })).stdout,
    async [Symbol.asyncDispose]() {
      running.process.kill('SIGINT');
      await running.done;
      await broker[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** Those that end are run again until they print what is wanted; those that follow are ended then. */
async function shell(code: string, wanted: (printed: string) => boolean, env: NodeJS.ProcessEnv): Promise<string> {
  let said = '';
  const endMs = performance.now() + patienceMs;
  do {
    let printed = '';
    const child = spawn('sh', ['-c', code], { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    let isOver = false;
    const over = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.once('exit', () => {
      isOver = true;
    });
    child.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    try {
      await until('it prints, or ends', patienceMs, () => isOver || wanted(printed));
    } finally {
      // It and all that it began; where all has ended, there is no such group.
      try {
        process.kill(-(child.pid as number), 'SIGKILL');
      } catch {}
    }
    await over;
    if (wanted(printed)) return printed;
    said += printed;
  } while (performance.now() < endMs);
  throw new Error(`it did not print what was expected:\n${code}\nbut\n${said.slice(-2000)}`);
}
