import { MienError } from '../errors.ts';
import type { TensorOutputs } from '../inference/backend.ts';
import type { RecognizerNetwork } from '../inference/model-manifest.ts';
import type { FaceSample, HeadLabels } from '../observation.ts';

type Heads = RecognizerNetwork['heads'];

/**
 * Turns the network's numbers into calibrated ones, as the manifest states for each head. Nothing of `outputs` is kept.
 * Errors: INFERENCE_FAILED for numbers that are not finite: one of them would stay in every mean it reaches.
 */
export function readHeads(outputs: TensorOutputs, { age, gender, expression }: Heads): FaceSample {
  return {
    ...(age ? { age: readAge(first(outputs, age.output), age) } : {}),
    ...(gender ? { gender: readGender(first(outputs, gender.output), gender) } : {}),
    ...(expression ? { expression: readExpression(outputs, expression) } : {}),
  };
}

/** What consumers need in order to read samples. */
export function headLabels({ age, gender, expression }: Heads): HeadLabels {
  return {
    ...(age ? { age: { unit: age.unit } } : {}),
    ...(gender ? { gender: { labels: gender.labels } } : {}),
    ...(expression ? { expression: { labels: expression.labels, valence: expression.valence } } : {}),
  };
}

function first(outputs: TensorOutputs, name: string): number {
  return finite(name, outputs[name]?.[0]);
}

function finite(name: string, value: number | undefined): number {
  if (Number.isFinite(value)) return value as number;
  throw new MienError(
    'INFERENCE_FAILED',
    `The output "${name}" of the network is ${value}, expected a finite number. Test the model with POST /v1/models/{name}/selftest.`,
  );
}

function readAge(raw: number, head: NonNullable<Heads['age']>): { years: number; sd: number } {
  const years = Math.min(head.range[1], Math.max(head.range[0], raw));
  return { years, sd: interpolate(head.sd, years) };
}

function readGender(raw: number, head: NonNullable<Heads['gender']>): readonly [number, number] {
  const logit = head.activation === 'logit' ? raw : logitOf(raw);
  const second = 1 / (1 + Math.exp(-logit / head.temperature));
  return [1 - second, second];
}

/** Finite for probabilities that the network rounded to 0 or 1. */
function logitOf(p: number): number {
  const safe = Math.min(1 - 1e-6, Math.max(1e-6, p));
  return Math.log(safe / (1 - safe));
}

function readExpression(outputs: TensorOutputs, head: NonNullable<Heads['expression']>): number[] {
  const logits = head.labels.map((_, i) => finite(head.output, outputs[head.output]?.[i]));
  return softmax(logits, head.temperature);
}

function softmax(logits: readonly number[], temperature: number): number[] {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - top) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Between the rows of an ascending table; its first and last values hold beyond its ends. */
export function interpolate(table: ReadonlyArray<readonly [number, number]>, at: number): number {
  const after = table.findIndex(([x]) => x >= at);
  const high = table[after < 0 ? table.length - 1 : after] as readonly [number, number];
  const low = table[after <= 0 ? (after < 0 ? table.length - 1 : 0) : after - 1] as readonly [number, number];
  if (high[0] === low[0]) return high[1];
  return low[1] + ((high[1] - low[1]) * (at - low[0])) / (high[0] - low[0]);
}
