/** Text made fit for a voice. */
export interface SpokenText {
  readonly text: string;
  /** Characters that were left away at the end. */
  readonly cut: number;
}

/**
 * One line without control characters and without what changes the direction of text; not beginning with a dash, so that no program takes it for an
 * option, and without `[[`, which espeak-ng takes for the start of phonemes.
 */
export function cleanText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cf}\p{Co}\p{Cn}]/gu, (one) => (one === '\u200c' || one === '\u200d' ? one : ''))
    .replaceAll('[[', '[ [')
    .replace(/^[\s-]+|\s+$/g, '');
}

/** `maxChars` characters (code points) at the most: cut after a sentence, else between words, else where it must be. */
export function cutText(text: string, maxChars: number): SpokenText {
  const characters = [...text];
  if (characters.length <= maxChars) return { text, cut: 0 };
  const whole = characters.slice(0, maxChars).join('');
  const sentences = [...whole.matchAll(/[.!?…]+["')\]]*(?=\s|$)|[。！？]/gu)];
  const last = sentences.at(-1);
  const space = whole.lastIndexOf(' ');
  const end = last ? last.index + last[0].length : space > 0 ? space : whole.length;
  const kept = whole.slice(0, end).trimEnd();
  return { text: kept, cut: characters.length - [...kept].length };
}
