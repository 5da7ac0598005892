// 600 validation faces of ../shared/faces, the same ones each time: 300 with age and gender, 300 with an expression.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoredZip } from '../../test/support/stored-zip.ts';
import { expressions, type Face } from './scores.ts';

const folder = fileURLToPath(new URL('../../../shared/faces/', import.meta.url));
const perKind = 300;
const seed = 20_240_607;
/** Faces of which more lies outside their photograph are left out. */
const mostOutside = 0.4;

export const hasFaces = existsSync(join(folder, 'index.csv'));

/** Mulberry32: small, and the same on every machine. */
function random(seeded: number): () => number {
  let state = seeded;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `count` of the items, or all there are, drawn without replacement: the same ones for the same seed. */
export function draw<T>(items: readonly T[], count: number, seeded = seed): T[] {
  const pool = [...items];
  const next = random(seeded);
  return Array.from({ length: Math.min(count, pool.length) }, () => pool.splice(Math.floor(next() * pool.length), 1)[0] as T);
}

type Row = Readonly<Record<string, string>>;

/** Rows of index.csv, which quotes nothing, by column name. */
export function readIndex(text: string): Row[] {
  const [header = [], ...lines] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  return lines.map((cells) => Object.fromEntries(header.map((name, i) => [name, cells[i] ?? ''])));
}

/** The labels of a row. Its path is not known yet. */
export function labelsOf({ age = '', gender = '', emo3 = '' }: Row): Omit<Face, 'path'> {
  const expression = emo3 === '' ? undefined : expressions[Number(emo3)];
  return {
    ...(age !== '' && { age: Number(age) }),
    ...(gender !== '' && { gender: Number(gender) === 0 ? 'female' : 'male' }),
    ...(expression && { expression }),
  };
}

/** Writes the faces into a folder and lists them. */
export function writeFaces(into: string): Face[] {
  const rows = readIndex(readFileSync(join(folder, 'index.csv'), 'utf8')).filter(({ split, pad_frac }) => split === 'val' && Number(pad_frac) <= mostOutside);
  const chosen = [
    ...draw(
      rows.filter(({ age, gender }) => age !== '' && gender !== ''),
      perKind,
    ),
    ...draw(
      rows.filter(({ emo3 }) => emo3 !== ''),
      perKind,
    ),
  ];
  const zips = new Map<string, StoredZip>();
  try {
    return chosen.map((row, i) => {
      const { file = '', shard = '' } = row;
      const zip = zips.get(shard) ?? new StoredZip(join(folder, shard));
      zips.set(shard, zip);
      const path = join(into, `face-${String(i).padStart(3, '0')}.jpg`);
      writeFileSync(path, zip.get(file));
      return { path, ...labelsOf(row) };
    });
  } finally {
    for (const zip of zips.values()) zip[Symbol.dispose]();
  }
}
