/** The entry of a plugin process: `process.js own` holds one plugin, `process.js shared` several. It lives as long as its channel, file descriptor 3. */
import { Socket } from 'node:net';
import { MienError } from '../errors.ts';
import type { FromPluginProcess, ToPluginProcess } from '../plugin-messages.ts';
import { openChannel } from './channel.ts';
import { currentPlugin } from './plugin-scope.ts';
import { mapTypebox } from './sdk-hooks.ts';

/** What a plugin's code gets for ending the process that others live in too; it unwinds the plugin's own calls. */
class ExitCalled extends Error {}

const exit = process.exit.bind(process);
const isShared = process.argv[2] === 'shared';

function openSocket(): Socket {
  try {
    return new Socket({ fd: 3 });
  } catch {
    process.stderr.write('This is a plugin process of Mien; it is started by `mien`, not by hand.\n');
    return exit(2);
  }
}

const channel = openChannel<ToPluginProcess, FromPluginProcess>(openSocket());
channel.onClose(() => exit(0));
mapTypebox();
const { openRunners } = await import('./runners.ts');
const runners = openRunners(channel);

/** In a process of its own a fault that nobody caught ends the process: nobody knows what state it left. */
function uncaught(error: unknown): void {
  if (error instanceof ExitCalled) return;
  const plugin = currentPlugin();
  if (plugin === undefined) process.stderr.write(`Nobody caught: ${error instanceof Error ? error.stack : error}\n`);
  if (isShared && plugin === undefined) return;
  runners.fail(isShared ? plugin : undefined, error);
  if (!isShared) channel.flushed().then(() => exit(1));
}

process.on('uncaughtException', uncaught);
process.on('unhandledRejection', uncaught);

if (isShared) {
  process.exit = (code?: number | string | null): never => {
    const plugin = currentPlugin();
    if (plugin === undefined) return exit(code);
    const said = `process.exit(${code ?? ''}) was called`;
    runners.fail(plugin, new MienError('PLUGIN_FAILED', said));
    throw new ExitCalled(said);
  };
}

// Ctrl-C reaches the whole process group; what happens then is the host's to decide.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
