/** docs/automation.md, taken apart: recipes by their headings, each with its blocks of code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../support/example-run.ts';

export interface Block {
  readonly language: string;
  readonly code: string;
}

export const path = join(root, 'docs/automation.md');
export const text = readFileSync(path, 'utf8');

const blocksOf = (part: string): Block[] => [...part.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', code = '']) => ({ language, code }));

const [before = '', ...parts] = text.split(/^### /m);
/** What stands before the first recipe. */
export const introduction = blocksOf(before);
export const recipes: ReadonlyMap<string, readonly Block[]> = new Map(parts.map((part) => [part.split('\n')[0] ?? '', blocksOf(part)]));

/** The only block of a language in a recipe, unless another is meant. */
export function codeOf(recipe: string, language: string, index = 0): string {
  const found = recipes.get(recipe)?.filter((block) => block.language === language)[index];
  if (!found) throw new Error(`docs/automation.md: "${recipe}" has no block ${index} of ${language}`);
  return found.code;
}

/** A line of the shape of an example: other people, times, numbers, ages and zones. */
export function shapeOf(example: string): RegExp {
  const variable: ReadonlyArray<readonly [RegExp, string]> = [
    [/p-[0-9a-z]{5}/, 'p-[0-9a-z]{5}'],
    [/\d{4}-\d\d-\d\dT[\d:.]+Z/, '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z'],
    [/\d+-\d+(?= |"|$)/, '(?:\\d+-\\d+|65\\+)'],
    [/\b(?:near|mid|far)\b/, '(?:near|mid|far)'],
    [/\d+(?:\.\d+)?/, '\\d+(?:\\.\\d+)?'],
  ];
  const any = new RegExp(variable.map(([part]) => `(${part.source})`).join('|'), 'gm');
  let pattern = '';
  let from = 0;
  const line = example.trim();
  const plain = (part: string) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  for (const match of line.matchAll(any)) {
    pattern += plain(line.slice(from, match.index)) + (variable[match.slice(1).findIndex((group) => group !== undefined)]?.[1] ?? '');
    from = match.index + match[0].length;
  }
  return new RegExp(`^${pattern}${plain(line.slice(from))}$`, 'm');
}
