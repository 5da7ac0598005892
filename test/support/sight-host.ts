/** A host to be killed: `node sight-host.ts [CONFIG_JSON]`. Prints the pid of each sight it runs; ends on SIGTERM as Mien does. */
import { checkConfig } from '../../core/src/load-config.ts';
import { silentLogger } from '../../core/src/log.ts';
import { createSightClient } from '../../core/src/sight/sight-client.ts';

const sight = createSightClient(checkConfig(JSON.parse(process.argv[2] ?? '{}')), silentLogger);
const say = (word: string): void => console.log(JSON.stringify({ word, pid: sight.status().pid }));
let frames = 0;
let stopping = false;
process.on('SIGTERM', () => {
  if (stopping) return;
  stopping = true;
  void Promise.resolve(sight[Symbol.asyncDispose]()).then(() => process.exit(0));
});
const starting = sight.start({
  observation() {
    frames += 1;
    if (frames === 1) say('seeing');
  },
  notice(notice) {
    if (notice.type === 'sight.lost' || notice.type === 'sight.restored') say(notice.type);
  },
});
say('starting');
await starting.then(
  () => say('ready'),
  () => {
    if (!stopping) process.exit(1);
  },
);
