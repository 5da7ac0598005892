import { isMap } from 'yaml';
import type { Config } from '../config.ts';
import { editConfig } from '../edit-config.ts';
import { MienError } from '../errors.ts';
import { bundledRelease, findNetwork, readRelease } from '../inference/manifest-file.ts';
import { onlyOf } from '../inference/release-networks.ts';
import { checkConfig, readConfigFile } from '../load-config.ts';
import { createProgress } from './progress.ts';
import { bestLayout, figuresText, type MeasuredLayout, pairLayouts } from './tune-layouts.ts';
import { type Measurement, measureLayout, type TuneLoad } from './tune-measure.ts';
import { untilSignalled } from './until-signalled.ts';

export interface ModelTuneCommand {
  config: string;
  seconds: number;
  faces: number;
  dryRun?: boolean;
  json?: boolean;
}

/** `mien model tune`: measures ways to lay the networks over the NPU's cores, and writes the best into the configuration with its figures. */
export async function modelTune(options: ModelTuneCommand): Promise<void> {
  const config = checkConfig(await readConfigFile(options.config), options.config);
  const load = await tuneLoad(config, options);
  const results = await measureAll(config, load);
  const measured = results.map(({ layout }) => layout);
  const best = bestLayout(measured);
  if (!best) throw new MienError('INFERENCE_FAILED', `no layout could be measured: ${measured.map(({ name, fault }) => `${name}: ${fault}`).join(' ')}`);
  const about = results.find(({ layout }) => layout === best) as Measurement;
  const written = options.dryRun !== true;
  if (written) await write(options.config, load, about);
  if (options.json) {
    const { cameras, faces } = load;
    process.stdout.write(
      `${JSON.stringify({ runtime: about.runtime, simulated: about.simulated, cameras, faces, layouts: measured, best: best.name, written })}\n`,
    );
    return;
  }
  for (const line of report(measured, best, about, load)) process.stdout.write(`${line}\n`);
  process.stdout.write(written ? `written to ${options.config} (npu.layouts)\n` : 'not written (--dry-run)\n');
}

async function tuneLoad({ model, cameras }: Config, { seconds, faces }: ModelTuneCommand): Promise<TuneLoad> {
  const own = await readRelease(model.release ?? bundledRelease());
  const other = model.detectorRelease === undefined ? own : await readRelease(model.detectorRelease);
  return {
    detector: { release: other, network: findNetwork(other, model.detector) },
    recognizer: { release: own, network: onlyOf(own, 'recognizer') },
    cameras: cameras.length,
    faces,
    ms: (seconds * 1000) / pairLayouts.length,
  };
}

async function measureAll(config: Config, load: TuneLoad): Promise<Measurement[]> {
  using stop = untilSignalled();
  const progress = createProgress('tune', pairLayouts.length);
  const results: Measurement[] = [];
  try {
    for (const pair of pairLayouts) {
      results.push(await measureLayout(config, pair, load, stop.signal));
      progress.step();
    }
  } finally {
    progress.stop();
  }
  return results;
}

/** The layouts of both networks, under a comment that says how they were measured; other settings of theirs stay. */
async function write(path: string, load: TuneLoad, { layout, runtime, simulated }: Measurement): Promise<void> {
  const { detector, recognizer, cameras, faces } = load;
  await editConfig(path, 'npu', (document) => {
    for (const [{ network }, affinity] of [[detector, layout.detector] as const, [recognizer, layout.recognizer] as const]) {
      document.setIn(['npu', 'layouts', network.name, 'affinity'], document.createNode(affinity, { flow: true }));
    }
    const layouts = document.getIn(['npu', 'layouts'], true);
    if (!isMap(layouts)) return;
    layouts.commentBefore = ` ${simulated ? 'SIMULATED: ' : ''}mien model tune, ${new Date().toISOString().slice(0, 10)}: ${figuresText(layout)}; ${cameras} camera(s) with ${faces} face(s), ${runtime}`;
  });
}

function* report(measured: readonly MeasuredLayout[], best: MeasuredLayout, { runtime, simulated }: Measurement, load: TuneLoad): Generator<string> {
  if (simulated) yield 'simulated: these figures are those of the simulated runtime, not of a board';
  yield `${load.detector.network.name} and ${load.recognizer.network.name}, ${load.cameras} camera(s) with ${load.faces} face(s) each, ${runtime}`;
  for (const layout of measured) yield `${layout === best ? '*' : ' '} ${layout.name.padEnd(46)} ${figuresText(layout)}`;
}
