// How answers become figures.

export const expressions = ['negative', 'neutral', 'positive'] as const;
export type Expression = (typeof expressions)[number];

/** A labelled face; labels that it does not have are absent. */
export interface Face {
  readonly path: string;
  readonly age?: number;
  readonly gender?: 'female' | 'male';
  readonly expression?: Expression;
}

/** What a peer says of a face. It crossed processes as JSON, which turns an age that is no number into null. */
export interface Answer {
  readonly age: number | null;
  /** P(male). */
  readonly male: number;
  /** In the order of `expressions`. */
  readonly expression: readonly number[];
}

export interface Score {
  /** Years. */
  readonly ageMae: number | null;
  /** Shares 0..1 of right answers; null where no face has the label. */
  readonly gender: number | null;
  readonly expression: number | null;
  /** Faces that were not found, and found ones whose age was no number. */
  readonly missed: number;
  readonly noAge: number;
  readonly n: number;
}

const emotionsOf: Record<Expression, readonly string[]> = {
  negative: ['angry', 'anger', 'disgust', 'disgusted', 'fear', 'fearful', 'sad', 'sadness', 'contempt'],
  neutral: ['neutral'],
  positive: ['happy', 'happiness'],
};
const classOf = new Map(expressions.flatMap((name, index) => emotionsOf[name].map((emotion) => [emotion, index])));

/** Sums a peer's seven or eight emotions to our three; surprise is left out, as in the labels. */
export function threeClasses(byEmotion: Readonly<Record<string, number>>): number[] {
  const sums = [0, 0, 0];
  for (const [emotion, share] of Object.entries(byEmotion)) {
    const index = classOf.get(emotion);
    if (index !== undefined) sums[index] = (sums[index] ?? 0) + share;
    else if (!emotion.startsWith('surprise')) throw new Error(`the emotion "${emotion}" belongs to no class`);
  }
  return sums;
}

/**
 * Over the faces that were answered: a face that a peer missed counts in `missed` only, which favours a peer that misses the hard ones.
 * `answers` are in the order of the faces, null where the peer found none.
 */
export function score(faces: readonly Face[], answers: ReadonlyArray<Answer | null>): Score {
  const ageErrors: number[] = [];
  const genders: number[] = [];
  const moods: number[] = [];
  let missed = 0;
  let noAge = 0;
  for (const [i, { age, gender, expression }] of faces.entries()) {
    const answer = answers[i];
    if (!answer) {
      missed += 1;
      continue;
    }
    if (age !== undefined) {
      if (answer.age === null || !Number.isFinite(answer.age)) noAge += 1;
      else ageErrors.push(Math.abs(answer.age - age));
    }
    if (gender !== undefined) genders.push(Number((answer.male > 0.5 ? 'male' : 'female') === gender));
    if (expression !== undefined) moods.push(Number(expressions[answer.expression.indexOf(Math.max(...answer.expression))] === expression));
  }
  return { ageMae: mean(ageErrors), gender: mean(genders), expression: mean(moods), missed, noAge, n: faces.length };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The lower of the two middle values for an even number of them; null for none. */
export function median(values: readonly number[]): number | null {
  return Float64Array.from(values).sort()[(values.length - 1) >> 1] ?? null;
}

/** The face that the picture is about: the largest one. */
export function mainFace<F>(faces: readonly F[], areaOf: (face: F) => number): F | undefined {
  return [...faces].sort((a, b) => areaOf(b) - areaOf(a))[0];
}
