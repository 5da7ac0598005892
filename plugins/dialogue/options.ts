import { type Static, Type } from '@mien/core/plugin';

export const DialogueOptions = Type.Object({
  port: Type.Integer({ minimum: 0, maximum: 65_535, default: 7431, description: 'where MCP is served, on this machine only; 0 takes any free port' }),
  token: Type.String({
    format: 'password',
    maxLength: 200,
    default: '',
    description: 'who talks with it must show this; made at the first start and kept when empty (`mien mcp` finds it by itself)',
  }),
  origins: Type.Array(Type.String({ maxLength: 200 }), {
    maxItems: 20,
    default: [],
    description: 'web pages that may talk with it, as https://example.org; none: programs only',
  }),
  maxSessions: Type.Integer({ minimum: 1, maximum: 100, default: 8, description: 'clients at one time' }),
  idleMinutes: Type.Integer({ minimum: 1, maximum: 1440, default: 30, description: 'a client that is silent for so long, and does not listen, is forgotten' }),
});
export type DialogueOptions = Static<typeof DialogueOptions>;

const LEAST_TOKEN = 16;

export function optionFaults({ token, origins }: DialogueOptions): string[] {
  const faults = origins.flatMap((origin, index) =>
    URL.canParse(origin) && new URL(origin).origin === origin
      ? []
      : [`origins[${index}]: expected an origin such as "https://example.org", without a path, got "${origin}"`],
  );
  const isPlain = /^[\x21-\x7e]*$/.test(token);
  if (token !== '' && (token.length < LEAST_TOKEN || !isPlain)) {
    faults.push(
      `token: expected at least ${LEAST_TOKEN} characters without spaces, as \`openssl rand -hex 24\` makes them, got ${token.length}${isPlain ? '' : ', with others'}`,
    );
  }
  return faults;
}
