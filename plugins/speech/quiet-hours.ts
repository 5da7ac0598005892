/** Spans of the day, in the device's own time, in which nothing is said. A span may go over midnight. */
export interface QuietSpan {
  /** Minutes since midnight. The end is not part of it; equal ends mean the whole day. */
  readonly fromMin: number;
  readonly toMin: number;
}

/** `22:00-07:00`; undefined when it is anything else. */
export function parseQuietHours(text: string): QuietSpan | undefined {
  const found = /^\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*$/.exec(text);
  if (!found) return undefined;
  const [fromH, fromM, toH, toM] = found.slice(1).map(Number) as [number, number, number, number];
  const fromMin = fromH * 60 + fromM;
  const toMin = toH * 60 + toM;
  const isTime = fromM < 60 && toM < 60 && fromMin < 1440 && toMin <= 1440;
  return isTime ? { fromMin, toMin: toMin % 1440 } : undefined;
}

/** The span that `date` lies in. */
export function quietSpanAt(spans: readonly QuietSpan[], date: Date): QuietSpan | undefined {
  const now = date.getHours() * 60 + date.getMinutes();
  return spans.find(({ fromMin, toMin }) => (fromMin < toMin ? now >= fromMin && now < toMin : now >= fromMin || now < toMin));
}

/** `07:00`. */
export function timeOfDay(minutes: number): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
