/** Board, kernel, memory, disk, time: what Mien stands on. */
import { stateFolder } from '../state-folder.ts';
import { absent, type Check, inConfig, ok, quoted, type Row, type Subject, warn } from './check.ts';

/** The host and sight together are within 260 MB; an NPU model adds its buffers. */
const MEMORY_MB = 350;
/** A log, the stores of plugins, tapes. */
const DISK_MB = 200;

export const checkBoard: Check = async (subject) => [board(subject), kernel(subject), memory(subject), ...(await disk(subject)), await time(subject)];

function board({ board: { model, chip, cores, memory }, machine: { arch } }: Subject): Row {
  const size = memory && `${(memory.totalMb / 1024).toFixed(1)} GB of memory`;
  return ok('board', [model, chip ?? 'no NPU that Mien knows', arch, cores > 0 && `${cores} cores`, size].filter(Boolean).join(', '));
}

function kernel({ board: { kernel: release, system } }: Subject): Row {
  return ok('kernel', `${release}, ${system}`);
}

function memory({ board: { memory: found } }: Subject): Row {
  if (!found) return absent('memory', 'the kernel does not say how much is free');
  const says = `${found.availableMb} MB of ${found.totalMb} MB are free`;
  if (found.availableMb >= MEMORY_MB) return ok('memory', says);
  return warn('memory', `${says}; Mien takes about ${MEMORY_MB} MB`, 'end what is not needed; what holds most: ps aux --sort=-rss | head');
}

async function disk(subject: Subject): Promise<Row[]> {
  const { config, machine } = subject;
  const folder = stateFolder(config);
  let space: Awaited<ReturnType<typeof machine.space>>;
  try {
    space = await machine.space(folder);
  } catch (fault) {
    return [warn('state', `${folder} cannot be looked at: ${(fault as Error).message}`, `set stateFolder to another folder ${inConfig(subject)}`)];
  }
  const { freeMb, mayWrite, nearest } = space;
  const writable = mayWrite
    ? ok('state', `${folder}${nearest !== folder ? ' (will be made)' : ''} can be written`)
    : warn(
        'state',
        `${folder} cannot be written by ${machine.user.name} (${nearest} is not theirs): what plugins keep and last good settings are lost at each stop`,
        `sudo install -d -o ${quoted(machine.user.name)} ${quoted(folder)}`,
      );
  const enough =
    freeMb >= DISK_MB
      ? ok('disk', `${freeMb} MB are free`)
      : warn('disk', `only ${freeMb} MB are free on the file system of ${nearest}`, 'sudo apt-get clean && sudo journalctl --vacuum-size=50M');
  return [writable, enough];
}

/** Events carry the time of day, and a board without a battery starts in the past. */
async function time({ machine }: Subject): Promise<Row> {
  const answer = await machine.run('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  if (!answer?.isGood) return absent('time', 'whether the clock is set from the network is not known: timedatectl does not answer');
  if (answer.output === 'yes') return ok('time', 'the clock is set from the network');
  return warn('time', 'the clock is not set from the network: events may carry a wrong time', 'sudo timedatectl set-ntp true');
}
