import { createLogger } from '../create-logger.ts';
import { MienError } from '../errors.ts';
import { checkConfig, readConfigFile } from '../load-config.ts';
import { openLocalSight } from '../sight/local-sight.ts';
import type { Analysis, AnalyzedFace } from '../sight/sight.ts';
import { annotatedPaths, writeAnnotated } from './annotated-paths.ts';
import { findInputs, type Input } from './inputs.ts';
import { createProgress } from './progress.ts';
import { readPicture } from './read-picture.ts';
import { untilSignalled } from './until-signalled.ts';

export interface AnalyzeCommand {
  config?: string;
  json?: boolean;
  crop?: boolean;
  asPerson?: boolean;
  annotate?: string;
  precision?: string;
  detector?: string;
}

/** `mien analyze`. One line (or JSON object) per input in the order given; a bad input does not stop the others. */
export async function analyze(words: readonly string[], options: AnalyzeCommand): Promise<void> {
  const input = options.config === undefined ? {} : await readConfigFile(options.config);
  const model = {
    ...(input.model as object | undefined),
    ...(options.precision && { precision: options.precision }),
    ...(options.detector && { detector: options.detector }),
  };
  const config = checkConfig({ ...input, model }, options.config ?? 'the command line');
  const inputs = await findInputs(words);
  const files = inputs.map(({ file }) => file);
  const drawings = options.annotate === undefined ? undefined : await annotatedPaths(files, options.annotate);
  const stop = untilSignalled();
  const progress = createProgress('analyze', inputs.length);
  let failed = 0;
  const sight = await openLocalSight(config, createLogger({ level: 'warn', name: 'analyze' }), stop.signal);
  try {
    for (const one of inputs) {
      if (stop.signal.aborted) break;
      const result = await analyzeOne(one);
      // What a signal broke off is no fault of the picture.
      if (result instanceof MienError && stop.signal.aborted) break;
      if (result instanceof MienError) failed += 1;
      progress.clear();
      process.stdout.write(`${options.json ? JSON.stringify(asJson(one.file, result)) : asText(one.file, result)}\n`);
      progress.step();
    }
  } finally {
    progress.stop();
    await sight.models[Symbol.asyncDispose]();
    stop[Symbol.dispose]();
  }
  if (failed > 0 || stop.signal.aborted) process.exitCode = 1;

  async function analyzeOne(one: Input): Promise<Analysis | MienError> {
    if ('error' in one) return one.error;
    try {
      const image = await readPicture(one.file);
      const analysis = await sight.analyze(
        image,
        {
          crop: options.crop ?? false,
          asPerson: options.asPerson ?? false,
          ...(drawings && { annotate: 'boxes' as const }),
        },
        stop.signal,
      );
      const drawing = drawings?.get(one.file);
      if (analysis.annotated && drawing !== undefined) await writeAnnotated(drawing, analysis.annotated);
      return analysis;
    } catch (fault) {
      return MienError.from(fault);
    }
  }
}

function asJson(file: string, result: Analysis | MienError): object {
  if (result instanceof MienError) return { file, error: result.toJSON() };
  const { annotated: _, ...rest } = result;
  return { file, ...rest };
}

function asText(file: string, result: Analysis | MienError): string {
  if (result instanceof MienError) return `${file}: ${result.code}: ${result.message}`;
  const count = result.faces.length;
  const head = `${file}: ${result.width}x${result.height}, ${count === 0 ? 'no faces' : count === 1 ? '1 face' : `${count} faces`}, ${result.ms.total.toFixed(0)} ms`;
  return [head, ...result.faces.map(faceText)].join('\n');
}

function faceText({ box, age, gender, expression, quality, wouldAbstain }: AnalyzedFace): string {
  const withheld = (value: { abstain: string }) => `unknown (${value.abstain})`;
  const words = [
    `  at ${box.map((number) => Math.round(number)).join(',')}`,
    age && ('abstain' in age ? `age ${withheld(age)}` : `age ${age.years.toFixed(0)} ± ${age.sd.toFixed(0)}`),
    gender && ('abstain' in gender ? `gender ${withheld(gender)}` : `${gender.label} ${(gender.p * 100).toFixed(0)} %`),
    expression &&
      ('abstain' in expression
        ? `expression ${withheld(expression)}`
        : `${expression.label} ${((expression.probs[expression.label] ?? 0) * 100).toFixed(0)} %`),
    `quality ${quality.score.toFixed(2)}`,
    wouldAbstain && wouldAbstain.length > 0 && `an event would withhold (${wouldAbstain.join(', ')})`,
  ];
  return words.filter(Boolean).join('  ');
}
