/** The entry of a plugin process: `process.js own` holds one plugin, `process.js shared` several. It lives as long as its channel, file descriptor 3. */
import { Socket } from 'node:net';
import { MienError } from '../errors.ts';
import type { FromPluginProcess, ToPluginProcess } from '../plugin-messages.ts';
import { openChannel } from './channel.ts';
import { currentLife } from './plugin-scope.ts';
import { mapTypebox } from './sdk-hooks.ts';

/** What a plugin's code gets for ending the process that others live in too; it unwinds the plugin's own calls. */
class ExitCalled extends Error {}

const exit = process.exit.bind(process);
const isShared = process.argv[2] === 'shared';
const cleanUpWithinMs = 1000;

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
const runners = openRunners(channel, isShared ? {} : { failed: leave });

/** A process of its own ends with its plugin: nobody knows in what state a fault that nobody caught has left it. */
function leave(): void {
  channel.flushed().then(() => exit(1));
}

function uncaught(error: unknown): void {
  if (error instanceof ExitCalled) return;
  const life = currentLife();
  const known = (!isShared || life !== undefined) && runners.fail(isShared ? life : undefined, error);
  if (!known) process.stderr.write(`Nobody caught${life ? ` from an earlier life of ${life.plugin}` : ''}: ${error instanceof Error ? error.stack : error}\n`);
  // What the plugin deferred is given this long.
  if (!isShared) setTimeout(leave, cleanUpWithinMs);
}

process.on('uncaughtException', uncaught);
process.on('unhandledRejection', uncaught);

if (isShared) {
  process.exit = (code?: number | string | null): never => {
    const life = currentLife();
    if (life === undefined) return exit(code);
    const said = `process.exit(${code ?? ''}) was called`;
    runners.fail(life, new MienError('PLUGIN_FAILED', said));
    throw new ExitCalled(said);
  };
}

// Ctrl-C reaches the whole process group; what happens then is the host's to decide.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
