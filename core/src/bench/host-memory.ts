import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '../client.ts';
import { MienError } from '../errors.ts';
import { Scope } from '../scope.ts';
import type { LoopDelay } from './host.ts';
import { type ProcessMemory, processMemory } from './process-memory.ts';
import { median } from './quantile.ts';

export interface MemoryFigures {
  /** Host and sight together, MB (10^6 bytes), at the first mark. */
  readonly rssMb: number;
  readonly rssRawMb: number;
  /**
   * From the first mark to the last, as a share of the Pss at the first. Grown is what the RSS has grown: the Pss also moves when other
   * processes that share pages (another Node) come and go.
   */
  readonly rssGrowth: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelay: LoopDelay;
  readonly first: Mark;
  readonly last: Mark;
}

/** Memory of both processes after so many frames, MB. */
export interface Mark {
  readonly frames: number;
  readonly hostPssMb: number;
  readonly sightPssMb: number;
  readonly hostRssMb: number;
  readonly sightRssMb: number;
}

const entry = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './host.ts' : './host.js', import.meta.url));
const startWithinMs = 60_000;
/** Seldom, and oftener at a mark only: asking the host costs it memory too. */
const waitMs = 1000;
const lookEveryMs = 200;
/** A mark is the median of so many looks: garbage comes and goes between them. */
const looks = 9;

/** A fresh host with its sight, API open, the clip again and again as fast as it goes: memory at two marks, and the host's loop in between. */
export async function measureHost(model: object, firstMark: number, lastMark: number, signal: AbortSignal): Promise<MemoryFigures> {
  const scope = new Scope();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'mien-bench-'));
    scope.defer(() => rm(folder, { recursive: true, force: true }));
    const config = join(folder, 'mien.yaml');
    await writeFile(config, JSON.stringify({ cameras: [{ source: 'clip', pace: 'every' }], model, api: { port: 0 }, log: { level: 'warn' } }));
    const host = fork(entry, ['run', '--config', config, '--json'], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    scope.defer(() => end(host));
    const client = createClient({ url: await urlOf(host, signal) });
    const first = await markAt(firstMark, client, host, signal);
    host.send('reset');
    const last = await markAt(lastMark, client, host, signal);
    host.send('read');
    const [loopDelay] = (await once(host, 'message', { signal })) as [LoopDelay];
    return {
      rssMb: first.hostPssMb + first.sightPssMb,
      rssRawMb: first.hostRssMb + first.sightRssMb,
      rssGrowth: growthOf(first, last),
      loopDelayP99Ms: loopDelay.p99Ms,
      loopDelay,
      first,
      last,
    };
  } finally {
    await scope[Symbol.asyncDispose]();
  }
}

export function growthOf(first: Mark, last: Mark): number {
  return (last.hostRssMb + last.sightRssMb - first.hostRssMb - first.sightRssMb) / (first.hostPssMb + first.sightPssMb);
}

/** The host prints its address on stderr when it is ready. */
async function urlOf(host: ChildProcess, signal: AbortSignal): Promise<string> {
  const said: string[] = [];
  const lines = createInterface({
    input: host.stderr as NonNullable<ChildProcess['stderr']>,
    signal: AbortSignal.any([signal, AbortSignal.timeout(startWithinMs)]),
  });
  for await (const line of lines) {
    const url = /^console: (\S+)/.exec(line)?.[1];
    if (url) {
      host.stderr?.resume();
      return url;
    }
    said.push(line);
  }
  signal.throwIfAborted();
  throw new MienError('SIGHT_LOST', `The host that was to be measured did not start. It said: ${said.join('\n')}`);
}

async function markAt(frames: number, client: Client, host: ChildProcess, signal: AbortSignal): Promise<Mark> {
  const samples: Array<{ host: ProcessMemory; sight: ProcessMemory }> = [];
  let processed = 0;
  while (samples.length < looks) {
    await sleep(processed < frames ? waitMs : lookEveryMs, undefined, { signal });
    if (host.exitCode !== null || host.signalCode !== null) throw new MienError('SIGHT_LOST', 'The host that was being measured ended.');
    const { sight } = await client.status();
    processed = sight.cameras[0]?.processed ?? 0;
    if (processed < frames || host.pid === undefined || sight.pid === undefined) continue;
    samples.push({ host: await processMemory(host.pid), sight: await processMemory(sight.pid) });
  }
  const mb = (of: (sample: (typeof samples)[number]) => number): number => median(samples.map(of)) / 1e6;
  return {
    frames: processed,
    hostPssMb: mb(({ host }) => host.pss),
    sightPssMb: mb(({ sight }) => sight.pss),
    hostRssMb: mb(({ host }) => host.rss),
    sightRssMb: mb(({ sight }) => sight.rss),
  };
}

async function end(host: ChildProcess): Promise<void> {
  if (host.exitCode !== null || host.signalCode !== null) return;
  const gone = once(host, 'exit');
  host.kill('SIGTERM');
  await gone;
}
