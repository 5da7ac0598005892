/** The entry of the sight process. It lives as long as its host: it ends when told to, when asked by SIGTERM, and when the host is gone. */
import { composeSight } from './compose-sight.ts';
import type { ToHost, ToSight } from './messages.ts';
import { formatLogLine } from './remote-logger.ts';
import { SightSession } from './sight-session.ts';

/** After so long a stop that hangs is cut short. */
const stopWithinMs = 800;

if (!process.send) {
  process.stderr.write('This is the sight process of Mien; it is started by `mien`, not by hand.\n');
  process.exit(2);
}

const session = new SightSession((message: ToHost) => {
  // The channel breaks when the host dies; what then is to be done is told by `disconnect`.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
  else if (message.type === 'log') process.stderr.write(formatLogLine(message));
}, composeSight);

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), stopWithinMs).unref();
  session[Symbol.asyncDispose]().then(
    () => process.exit(0),
    () => process.exit(1),
  );
}

process.on('message', (message: ToSight) => {
  if (message.type === 'stop') stop();
  else session.receive(message);
});
process.on('disconnect', stop);
process.on('SIGTERM', stop);
// Ctrl-C reaches the whole process group; what happens then is the host's to decide.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
