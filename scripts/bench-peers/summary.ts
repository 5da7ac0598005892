// From what the peers reported to the figures, the aims, and a table.
import { type Answer, type Face, median, type Score, score } from './scores.ts';

/** What a peer's process reports; which parts it has depends on what the peer can do. */
export interface Report {
  readonly version: string;
  readonly peakRssMb: number;
  /** Milliseconds of each whole picture, and the faces read in all of them. */
  readonly frameMs?: readonly number[];
  readonly facesSeen?: number;
  /** Milliseconds of each aligned crop. */
  readonly cropMs?: readonly number[];
  /** For pictures in which the face must be found, and for aligned crops. */
  readonly answers?: ReadonlyArray<Answer | null>;
  readonly cropAnswers?: ReadonlyArray<Answer | null>;
}

export interface Row extends Score {
  readonly name: string;
  readonly version: string;
  /** Median milliseconds; null where not measured. */
  readonly frameMs: number | null;
  readonly cropMs: number | null;
  readonly facesPerFrame: number | null;
  readonly peakRssMb: number;
}

export interface Aim {
  readonly says: string;
  readonly value: number;
  readonly least: number;
  readonly met: boolean;
}

export interface Summary {
  readonly rows: readonly Row[];
  readonly aims: readonly Aim[];
}

/** Two rounds of one peer as one: the times of the faster round, the larger peak, and the answers of the later. */
export function bestOf(earlier: Report | undefined, later: Report): Report {
  if (!earlier) return later;
  const faster = (a: readonly number[] = [], b: readonly number[] = []): readonly number[] => ((median(b) ?? Infinity) < (median(a) ?? Infinity) ? b : a);
  return {
    ...later,
    frameMs: faster(earlier.frameMs, later.frameMs),
    cropMs: faster(earlier.cropMs, later.cropMs),
    peakRssMb: Math.max(earlier.peakRssMb, later.peakRssMb),
  };
}

/** Without faces accuracies are null, and there are no aims for them. */
export function summarise({ human, faceApi, mien }: Record<'human' | 'faceApi' | 'mien', Report>, faces: readonly Face[]): Summary {
  const whole = (name: string, report: Report): Row => {
    const { version, peakRssMb, frameMs = [], facesSeen = 0, answers = [] } = report;
    return { name, version, frameMs: median(frameMs), cropMs: null, facesPerFrame: facesSeen / frameMs.length, peakRssMb, ...score(faces, answers) };
  };
  const crop = (name: string, report: Report): Row => {
    const { version, peakRssMb, cropMs = [], cropAnswers = [] } = report;
    return { name, version, frameMs: null, cropMs: median(cropMs), facesPerFrame: null, peakRssMb, ...score(faces, cropAnswers) };
  };
  const rows = {
    human: whole('Human', human),
    faceApi: crop('face-api, aligned crop', faceApi),
    mien: whole('Mien', mien),
    mienCrop: crop('Mien, aligned crop', mien),
  };
  // Each peer is met on its own ground: Human finds the face itself, face-api is given the crop.
  const aims = [
    aim('frames: Mien faster than Human, times', ratio(rows.human.frameMs, rows.mien.frameMs), 10),
    aim("crops: Mien faster than face-api's two networks, times", ratio(rows.faceApi.cropMs, rows.mienCrop.cropMs), 2),
    ...(faces.length === 0 ? [] : [...accuracyAims(rows.human, rows.mien), ...accuracyAims(rows.faceApi, rows.mienCrop)]),
  ];
  return { rows: Object.values(rows), aims };
}

function aim(says: string, value: number, least: number): Aim {
  return { says, value, least, met: value >= least };
}

function ratio(theirs: number | null, ours: number | null): number {
  return (theirs ?? Number.NaN) / (ours ?? Number.NaN);
}

function accuracyAims(peer: Row, mien: Row): Aim[] {
  const ahead = (ours: number | null, theirs: number | null): number => (ours ?? Number.NaN) - (theirs ?? Number.NaN);
  return [
    aim(`${peer.name}: its age error over Mien's, years`, ahead(peer.ageMae, mien.ageMae), 0),
    aim(`${peer.name}: Mien's gender accuracy over its, points`, 100 * ahead(mien.gender, peer.gender), 0),
    aim(`${peer.name}: Mien's expression accuracy over its, points`, 100 * ahead(mien.expression, peer.expression), 0),
  ];
}

/** Lines for a terminal. */
export function table({ rows, aims }: Summary): string {
  const head = ['', 'frame', 'crop', 'faces a frame', 'peak RSS', 'age error', 'gender', 'expression', 'missed'];
  const cells = rows.map((row) => [
    row.name,
    shown(row.frameMs, 1, ' ms'),
    shown(row.cropMs, 1, ' ms'),
    shown(row.facesPerFrame, 2),
    shown(row.peakRssMb, 0, ' MB'),
    shown(row.ageMae, 2, ' years'),
    shown(percent(row.gender), 1, ' %'),
    shown(percent(row.expression), 1, ' %'),
    row.n === 0 ? '-' : `${row.missed} of ${row.n}`,
  ]);
  const lines = [head, ...cells];
  const widths = head.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const drawn = lines.map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '));
  const noAge = rows.filter((row) => row.noAge > 0).map((row) => `${row.name} gave no number for the age of ${row.noAge} faces that it found.`);
  const said = aims.map(({ says, value, least, met }) => `${met ? 'met   ' : 'MISSED'} ${says}: ${value.toFixed(2)} (aim: at least ${least})`);
  return [...drawn, '', 'Accuracy is over the faces that were found.', ...noAge, '', ...said].join('\n');
}

function shown(value: number | null, digits: number, unit = ''): string {
  return value === null ? '-' : `${value.toFixed(digits)}${unit}`;
}

function percent(share: number | null): number | null {
  return share === null ? null : 100 * share;
}
