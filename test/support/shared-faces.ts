import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoredZip } from './stored-zip.ts';

/** A labelled crop of the shared faces. Labels that a face does not have are absent. */
export interface LabelledFace {
  readonly jpeg: Buffer;
  readonly source: string;
  readonly age?: number;
  readonly gender?: 'female' | 'male';
  readonly expression?: 'negative' | 'neutral' | 'positive';
}

const folder = fileURLToPath(new URL('../../../shared/faces/', import.meta.url));

/** The faces lie beside the repository where it is developed, and never inside it. */
export const hasSharedFaces = existsSync(join(folder, 'index.csv'));

/**
 * Every k-th clean validation face, about `count` in all: the same ones each time, in the proportions of the split.
 * Clean: at most 40 % of the crop lies outside its source.
 */
export function validationFaces(count: number): LabelledFace[] {
  const [header = '', ...lines] = readFileSync(join(folder, 'index.csv'), 'utf8').trim().split('\n');
  const column = new Map(header.split(',').map((name, i) => [name, i]));
  const rows = lines.map((line) => line.split(',')).filter((row) => cell(row, 'split') === 'val' && Number(cell(row, 'pad_frac')) <= 0.4);
  const step = Math.max(1, rows.length / count);
  const zips = new Map<string, StoredZip>();
  try {
    return Array.from({ length: Math.min(count, rows.length) }, (_, i) => {
      const row = rows[Math.floor(i * step)] ?? [];
      const shard = cell(row, 'shard');
      const zip = zips.get(shard) ?? new StoredZip(join(folder, shard));
      zips.set(shard, zip);
      return labelled(row, zip.get(cell(row, 'file')));
    });
  } finally {
    for (const zip of zips.values()) zip[Symbol.dispose]();
  }

  function labelled(row: string[], jpeg: Buffer): LabelledFace {
    const age = cell(row, 'age');
    const gender = cell(row, 'gender');
    const expression = cell(row, 'emo3');
    return {
      jpeg,
      source: cell(row, 'source'),
      ...(age === '' ? {} : { age: Number(age) }),
      ...(gender === '' ? {} : { gender: Number(gender) === 0 ? ('female' as const) : ('male' as const) }),
      ...(expression === '' ? {} : { expression: (['negative', 'neutral', 'positive'] as const)[Number(expression)] ?? 'neutral' }),
    };
  }

  function cell(row: string[], name: string): string {
    return row[column.get(name) ?? -1] ?? '';
  }
}
