import { type ErrorCode, MienError } from '../errors.ts';

/** Deeper than anybody writes; a circle never ends. */
const maxDepth = 100;

/**
 * What arrives on the other side is what was given here: functions, maps, class instances, NaN and the like would be lost without a word.
 * Absent properties stay absent; `undefined` itself becomes null. Errors: the code given, naming the place.
 */
export function plainJson(value: unknown, what: string, code: ErrorCode): unknown {
  const odd = oddity(value, '', 0);
  if (odd) throw new MienError(code, `${what}: expected plain JSON data, got ${odd}`);
  return value === undefined ? null : value;
}

/** What is no JSON, with its place; undefined when all is. */
function oddity(value: unknown, path: string, depth: number): string | undefined {
  const place = path === '' ? '' : ` at ${path.replace(/^\./, '')}`;
  if (depth > maxDepth) return `a circle, or more than ${maxDepth} levels${place.slice(0, 80)}`;
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : `${value}${place}`;
    case 'function':
    case 'symbol':
    case 'bigint':
      return `a ${typeof value}${place}`;
    case 'object':
      return value === null ? undefined : objectOddity(value, path, depth, place);
    default:
      return undefined;
  }
}

function objectOddity(value: object, path: string, depth: number, place: string): string | undefined {
  if ('toJSON' in value && typeof value.toJSON === 'function') return undefined;
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  const isArray = Array.isArray(value);
  if (!isArray && prototype !== null && Object.getPrototypeOf(prototype) !== null) return `a ${prototype.constructor?.name ?? 'class instance'}${place}`;
  for (const [key, inner] of Object.entries(value)) {
    const odd = oddity(inner, isArray ? `${path}[${key}]` : `${path}.${key}`, depth + 1);
    if (odd) return odd;
  }
  return undefined;
}
