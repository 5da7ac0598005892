/** An example run by the command that stands at its top, as its reader would. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PluginStatus } from '../../core/src/host/plugins/plugin-status.ts';
import { type Running, startMien } from './mien-command.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const patienceMs = 60_000;

/** The arguments of the first command in the comment that a file begins with; variables before it are left out. */
export function commandOf(file: string, program: 'mien' | 'node' = 'mien'): string[] {
  const head = readFileSync(join(root, file), 'utf8').split(/^import /m)[0] ?? '';
  const found = new RegExp(`(?:npx )?${program} ((?!and)\\S.*?)(?:\\s{2,}.*)?$`, 'm').exec(head.replace(/^(\/\/|#) ?/gm, ''));
  if (!found?.[1]) throw new Error(`${file} has no command of ${program} at its top: ${head}`);
  return found[1].split(' ');
}

export interface ExampleRun extends AsyncDisposable {
  readonly running: Running;
  /** Events printed so far. */
  events(): Array<{ id: string; type: string; source: string; subject: string; data: never }>;
  api<T>(method: string, path: string, body?: object): Promise<T>;
  plugin(name: string): Promise<PluginStatus>;
  /** As Ctrl-C does. Rejects when it does not end well. */
  stop(): Promise<void>;
}

/** A Mien that goes on until it is stopped, with its API open on any port. `stateFolder`: stores of plugins. */
export async function startExample(args: readonly string[], stateFolder: string, env: NodeJS.ProcessEnv = {}): Promise<ExampleRun> {
  const running = startMien([...args, '--port', '0', '--json', '--log-level', 'info'], { cwd: root, env: { STATE_DIRECTORY: stateFolder, ...env } });
  await running.until(/console: http:\S+/);
  const url = /console: (http:\S+)/.exec(running.shown())?.[1] as string;
  const api: ExampleRun['api'] = async (method, path, body) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(new URL(path, url), { method, ...(body && { body: JSON.stringify(body), headers }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as never;
  };
  const stop = async (): Promise<void> => {
    running.process.kill('SIGINT');
    const { code, signal } = await running.done;
    if (code !== 0) throw new Error(`ended with ${code ?? signal}: ${running.shown().slice(-2000)}`);
  };
  return {
    running,
    api,
    stop,
    plugin: (name) => api('GET', `/v1/plugins/${name}`),
    events: () =>
      running
        .shown()
        .split('\n')
        .filter((line) => line.startsWith('{"specversion"') && line.endsWith('}'))
        .map((line) => JSON.parse(line)),
    async [Symbol.asyncDispose]() {
      if (running.process.exitCode === null) running.process.kill('SIGKILL');
      await running.done;
    },
  };
}

/** Asks again and again until the answer is as wanted. Rejects with the last answer when it does not come. */
export async function untilAnswer<T>(ask: () => Promise<T> | T, wanted: (answer: T) => boolean): Promise<T> {
  const started = performance.now();
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (performance.now() - started > patienceMs) throw new Error(`not within ${patienceMs} ms; it is ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
