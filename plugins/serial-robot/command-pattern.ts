/**
 * A line of the robot with parts that vary: `SAY {words}`. A name takes what stands up to the next fixed part, the last one all that is left. No regular
 * expression: a line of the robot must not be able to hold everything up.
 */
import { didYouMean } from '@mien/core/plugin';

export interface CommandPattern {
  /** What stood for the names; undefined when the line is another one. */
  match(line: string): Readonly<Record<string, string>> | undefined;
}

const name = /\{([a-z][a-zA-Z0-9]*)\}/g;

export function compilePattern(text: string): CommandPattern {
  // Fixed parts and names in turns: it begins and ends with a fixed part, which may be empty.
  const parts = text.split(name);
  const match: CommandPattern['match'] = (line) => {
    const found: Record<string, string> = Object.create(null);
    const [first = ''] = parts;
    if (!line.startsWith(first)) return undefined;
    let at = first.length;
    for (let i = 1; i < parts.length; i += 2) {
      const [key = '', fixed = ''] = [parts[i], parts[i + 1]];
      const isLast = i + 2 === parts.length;
      const end = isLast ? line.length - fixed.length : line.indexOf(fixed, at);
      if (end < at || (isLast && !line.endsWith(fixed))) return undefined;
      found[key] = line.slice(at, end).trim();
      at = end + fixed.length;
    }
    return at === line.length ? found : undefined;
  };
  return { match };
}

/** Texts anywhere in the input get what stood for the names. */
export function fillInput(input: unknown, found: Readonly<Record<string, string>>): unknown {
  if (typeof input === 'string') return input.replace(name, (all, key) => found[key] ?? all);
  if (Array.isArray(input)) return input.map((item) => fillInput(item, found));
  if (input === null || typeof input !== 'object') return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, fillInput(value, found)]));
}

export function patternFaults(where: string, text: string, input: unknown): string[] {
  const names = [...text.matchAll(name)].map(([, one]) => one as string);
  const used = [...JSON.stringify(input).matchAll(name)].map(([, one]) => one as string);
  const twice = names.find((one, i) => names.indexOf(one) !== i);
  return [
    ...(twice === undefined ? [] : [`${where}.text: {${twice}} stands there twice: give each its own name`]),
    ...(/\}\{/.test(text) ? [`${where}.text: nothing stands between two names in "${text}": where does the first one end?`] : []),
    ...used.filter((one) => !names.includes(one)).map((one) => `${where}.input: there is no {${one}} in "${text}".${didYouMean(one, names)}`),
  ];
}
