/** What an answer means for the event that was sent. */
export type Verdict =
  | { readonly kind: 'delivered' }
  /** `afterMs`: as the server asked; undefined: by the outbox's own pauses. `isFault` counts towards the circuit breaker. */
  | { readonly kind: 'again'; readonly afterMs: number | undefined; readonly isFault: boolean }
  /** This event will never be taken. */
  | { readonly kind: 'refused' }
  /** No event will be taken any more. */
  | { readonly kind: 'gone' };

/** Whatever a server asks for, in an hour it is tried again. */
const longestAfterMs = 3_600_000;
/** 4xx that a later attempt may get over. */
const passing = new Set([408, 425, 429]);

export function verdictOf(status: number, retryAfter: string | undefined, wallMs: number): Verdict {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone' };
  if (status >= 400 && status < 500 && !passing.has(status)) return { kind: 'refused' };
  // Only these two are defined with it for requests that were not redirected.
  const afterMs = status === 429 || status === 503 ? afterMsOf(retryAfter, wallMs) : undefined;
  return { kind: 'again', afterMs, isFault: status !== 429 };
}

/** Retry-After: seconds, or a date. */
function afterMsOf(text: string | undefined, wallMs: number): number | undefined {
  if (text === undefined) return undefined;
  // Date.parse finds a date in almost anything: one of HTTP begins with a day of the week.
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : /^[a-z]{3,9},? /i.test(text) ? Date.parse(text) - wallMs : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(longestAfterMs, Math.max(0, ms));
}
