/** What a Mien run here says on standard error, for Node-RED's log: warnings and faults, at a bearable rate. */
import type { ChildEnd } from './child-process.ts';
import type { HostLog } from './connect-host.ts';

const WARN = 40;
const MOST = 20;
const WITHIN_MS = 10_000;

/** The words of a line: Mien logs in JSON where no terminal is, and speaks plainly about what a person should know. */
export function wordsOfLine(line: string): { readonly text: string; readonly isUrgent: boolean } {
  try {
    const { level, msg, err } = JSON.parse(line) as { level?: number; msg?: string; err?: { message?: string } };
    return { text: [msg, err?.message].filter(Boolean).join(': '), isUrgent: (level ?? 0) >= WARN };
  } catch {
    return { text: line, isUrgent: /^(mien|degraded|safe mode)\b/.test(line) };
  }
}

export function forwardTo(log: HostLog): (line: string) => void {
  let since = 0;
  let said = 0;
  return (line) => {
    const now = performance.now();
    if (now - since > WITHIN_MS) {
      if (said > MOST) log.warn(`mien: ${said - MOST} further lines were left out`);
      since = now;
      said = 0;
    }
    const { text, isUrgent } = wordsOfLine(line);
    if (!isUrgent || text === '') return;
    said += 1;
    if (said <= MOST) log.warn(text.startsWith('mien:') ? text : `mien: ${text}`);
  };
}

/** Why it ended, of what it said last: the newest urgent line with the list under it; a bare Node's own words; the exit code. */
export function reasonOf({ code, lines }: ChildEnd): string {
  const how = code !== null && code > 128 ? `killed by signal ${code - 128}` : `exit code ${code}`;
  const urgent = lines.findLastIndex((line) => wordsOfLine(line).isUrgent);
  const at = urgent >= 0 ? urgent : lines.findLastIndex((line) => /Error\b/.test(line));
  const line = lines[at];
  if (line === undefined) return how;
  const rest = lines.slice(at + 1);
  const end = rest.findIndex((one) => !one.startsWith('  - '));
  const list = rest.slice(0, end < 0 ? rest.length : end).map((one) => one.slice(4));
  return `${[wordsOfLine(line).text.replace(/^mien: /, ''), ...list].join(' ')} (${how})`;
}
