import { MienError } from '../errors.ts';
import type { RunOptions, Session } from './backend.ts';
import type { KnownAnswers, NetworkManifest } from './model-manifest.ts';
import { allocateInput, elementsPerImage, expectedOutputs, writeImage } from './tensor-shape.ts';

/** Answers of one output: a row of selected values for each known input. */
type Answers = Readonly<Record<string, readonly Float32Array[]>>;

export interface SelfTestOptions extends RunOptions {
  /** Which of the manifest's answers hold for this file; those of its precision when absent. */
  readonly answers?: string | undefined;
}

/**
 * Shows the network its known inputs and compares. Refuses numbers that are not finite, outputs that are the same for
 * different inputs, and wrong answers. `inputs`: n packed u8 NHWC images. Resolves with one line for people.
 * Errors: SELFTEST_FAILED with every deviation; INFERENCE_FAILED.
 */
export async function selfTest(session: Session, network: NetworkManifest, inputs: Uint8Array, options: SelfTestOptions = {}): Promise<string> {
  const { answers = session.info.precision, ...run } = options;
  const { knownAnswers } = network;
  const size = elementsPerImage(session.info.input);
  if (inputs.length !== size * knownAnswers.n) {
    throw new MienError('SELFTEST_FAILED', `${network.name}: ${knownAnswers.inputs} has ${inputs.length} bytes, expected ${knownAnswers.n} images of ${size}.`);
  }
  const got = await collect(session, network, inputs, run);
  const faults = [...notFinite(got), ...constant(got)];
  const judged = judge(got, knownAnswers, answers);
  // A constant or infinite output is also wrong: the first says more.
  if (faults.length === 0) faults.push(...judged.faults);
  if (faults.length > 0) throw new MienError('SELFTEST_FAILED', `${network.name} failed its self-test: ${faults.join('; ')}.`);
  return `${knownAnswers.n} known answers, largest deviation ${judged.worst}`;
}

async function collect(session: Session, network: NetworkManifest, inputs: Uint8Array, options: RunOptions): Promise<Answers> {
  const { n, select } = network.knownAnswers;
  const input = session.info.input;
  const size = elementsPerImage(input);
  const tensor = allocateInput(input);
  const got: Record<string, Float32Array[]> = {};
  for (let i = 0; i < n; i += 1) {
    writeImage(inputs.subarray(i * size, (i + 1) * size), input, tensor);
    const outputs = await session.run(tensor, options);
    for (const { name } of expectedOutputs(network)) {
      const all = outputs[name] ?? new Float32Array(0);
      const row = select?.[name] ? Float32Array.from(select[name], (index) => all[index] ?? Number.NaN) : all.slice();
      if (!got[name]) got[name] = [];
      got[name].push(row);
    }
  }
  return got;
}

function notFinite(got: Answers): string[] {
  return Object.entries(got).flatMap(([name, rows]) => {
    const at = rows.findIndex((row) => row.some((value) => !Number.isFinite(value)));
    return at < 0 ? [] : [`output "${name}" is not finite for known input ${at}`];
  });
}

function constant(got: Answers): string[] {
  return Object.entries(got).flatMap(([name, rows]) => {
    const [first, ...others] = rows;
    const same = first && others.every((row) => row.every((value, i) => Math.abs(value - (first[i] ?? 0)) <= 1e-6 * Math.max(1, Math.abs(value))));
    return same ? [`output "${name}" is the same (${[...first].slice(0, 4).map(round).join(', ')}) for ${rows.length} different inputs`] : [];
  });
}

function judge(got: Answers, answers: KnownAnswers, key: string): { faults: string[]; worst: string } {
  const faults: string[] = [];
  let worst = { share: -1, text: 'none' };
  for (const [name, rows] of Object.entries(got)) {
    const tolerance = answers.tolerance[key]?.[name] ?? 0;
    rows.forEach((row, i) => {
      row.forEach((value, k) => {
        const expected = answers.expected[key]?.[name]?.[i]?.[k] ?? Number.NaN;
        const off = Math.abs(value - expected);
        const index = answers.select?.[name]?.[k] ?? k;
        const at = row.length > 1 || index > 0 ? `${name}[${index}]` : name;
        if (!(off <= tolerance)) faults.push(`output "${at}" of known input ${i}: expected ${round(expected)} within ${tolerance}, got ${round(value)}`);
        if (off / tolerance > worst.share) worst = { share: off / tolerance, text: `${round(off)} of ${tolerance} allowed (${at}, input ${i})` };
      });
    });
  }
  return { faults: faults.length > 6 ? [...faults.slice(0, 6), `and ${faults.length - 6} more`] : faults, worst: worst.text };
}

function round(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : value;
}
