/** Apparent age as a normal distribution about its estimate. */

/** P(X < x) of a normal distribution, off by at most 7.5e-8 (Abramowitz and Stegun 26.2.17). */
export function normalBelow(x: number, mean: number, sd: number): number {
  const z = (x - mean) / Math.max(sd, 1e-6);
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = Math.exp((-z * z) / 2) * 0.3989422804014327 * poly;
  return z > 0 ? 1 - tail : tail;
}

/** P(age < 18). Not an age gate. */
export function minorProbability({ years, sd }: { readonly years: number; readonly sd: number }): number {
  return normalBelow(18, years, sd);
}
