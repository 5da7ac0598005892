/** `mien bench --npu simulated` and `mien bench --table6`. */
import { figureLines, npuBudgets, rounded } from '../bench/figures.ts';
import { measureNpu, npuLoad } from '../bench/npu.ts';
import { measureTable6, type Table6Row } from '../bench/table6.ts';
import { MienError } from '../errors.ts';
import { bundledRelease, readRelease } from '../inference/manifest-file.ts';
import { machine } from './bench.ts';
import { untilSignalled } from './until-signalled.ts';

/** Of a simulated run: 3.5 ms, the paper's 285.7 frames a second. */
const { runUs } = npuLoad;
const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);
const write = (line: string): void => void process.stdout.write(`${line}\n`);

export async function benchNpu(which: string, json: boolean): Promise<void> {
  demandSimulated(which);
  const { windows, windowMs } = npuLoad;
  await signalled(async (signal) => {
    say(`the simulated NPU: runs of ${runUs / 1000} ms on three cores, medians of ${windows} windows of ${windowMs / 1000} s; no speed of a board`);
    const figures = await measureNpu(await readRelease(bundledRelease()), npuLoad, signal);
    if (json) return write(JSON.stringify(rounded({ ...figures, detail: { simulated: true, machine: machine(), load: npuLoad } })));
    const { overheadUs, ...rest } = figures;
    for (const line of figureLines({ overheadP50Us: overheadUs.p50, overheadP99Us: overheadUs.p99, ...rest }, npuBudgets)) write(line);
  });
}

export async function benchTable6(which: string | undefined, seconds: number, json: boolean): Promise<void> {
  if (which !== undefined) demandSimulated(which);
  const simulated = which !== undefined;
  await signalled(async (signal) => {
    say(simulated ? `on the simulated NPU, runs of ${runUs / 1000} ms: no speed of a board` : "on this board's NPU");
    const release = await readRelease(bundledRelease());
    const rows = await measureTable6({ release, seconds, ...(simulated && { simulatedRunUs: runUs }) }, signal);
    if (json) return write(JSON.stringify(rounded({ rows, detail: { simulated, machine: machine(), seconds } })));
    for (const line of tableLines(rows)) write(line);
  });
}

function tableLines(rows: readonly Table6Row[]): string[] {
  const cells = rows.map(({ name, cpuPercent, npuKb, framesPerSecond, idealFramesPerSecond, paper }) => [
    name,
    cpuPercent.toFixed(2),
    npuKb.toFixed(0),
    framesPerSecond.toFixed(1),
    idealFramesPerSecond?.toFixed(1) ?? '',
    `${paper.cpuPercent} / ${paper.npuKb} / ${paper.framesPerSecond}`,
  ]);
  const head = [
    '',
    'CPU %',
    'NPU kB',
    'frames/s',
    rows.some(({ idealFramesPerSecond }) => idealFramesPerSecond) ? 'ideal' : '',
    'the paper (CPU / kB / frames)',
  ];
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  return [head, ...cells].map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function demandSimulated(which: string): void {
  if (which !== 'simulated')
    throw new MienError('OPTION_UNKNOWN', `--npu expects simulated, not "${which}"; on a board, measure with --table6 and \`mien model tune\``);
}

async function signalled(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = untilSignalled();
  try {
    await work(stop.signal);
  } catch (fault) {
    if (!stop.signal.aborted) throw fault;
    process.exitCode = 1;
  } finally {
    stop[Symbol.dispose]();
  }
}
