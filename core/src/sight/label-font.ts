/** A 5x7 bitmap face for labels, so that drawing needs no font of the system. Lower case, digits and a few signs; others are blank. */

export const GLYPH_WIDTH = 5;
export const GLYPH_HEIGHT = 7;

/** Seven rows from the top; each is a base-32 digit whose five bits are the dots from the left. */
const rows: Readonly<Record<string, string>> = {
  a: '00e1fhf',
  b: 'ggmphhu',
  c: '00eggge',
  d: '11djhhf',
  e: '00ehvge',
  f: '69su888',
  g: '0fhhf1e',
  h: 'ggmphhh',
  i: '40c444e',
  j: '206222c',
  k: 'gg9aca9',
  l: 'c44444e',
  m: '00qlllh',
  n: '00mphhh',
  o: '00ehhhe',
  p: '0uhhugg',
  q: '0fhhf11',
  r: '00mpggg',
  s: '00fge1u',
  t: '88s8896',
  u: '00hhhjd',
  v: '00hhha4',
  w: '00hhlla',
  x: '00ha4ah',
  y: '0hhhf1e',
  z: '00v248v',
  0: 'ehjlphe',
  1: '4c4444e',
  2: 'eh1248v',
  3: 'v2421he',
  4: '26aiv22',
  5: 'vgu11he',
  6: '68guhhe',
  7: 'v124888',
  8: 'ehhehhe',
  9: 'ehhf12c',
  '±': '44v440v',
  '%': 'oo248j3',
  '.': '00000cc',
  '-': '000v000',
  '?': 'eh12404',
  ':': '0cc0cc0',
};

/** Is the dot at column x, row y of the character set? */
export function isInked(character: string, x: number, y: number): boolean {
  const row = Number.parseInt(rows[character]?.[y] ?? '0', 32);
  return ((row >> (GLYPH_WIDTH - 1 - x)) & 1) === 1;
}
