/** The console page: a few files made by scripts/build-console.mjs, read once, served without a token (they hold nothing). */
import { readdirSync, readFileSync } from 'node:fs';
import type { Api } from './api.ts';

const typeOfEnding: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};
const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};
const notBuilt = 'The console page is not built. In the repository run: node scripts/build-console.mjs\n';

/** The same folder whether this file runs from src/ or from dist/. */
export const pageFolder = new URL('../../dist/console/page/', import.meta.url);

export function addPageRoutes(api: Api, folder = pageFolder): void {
  const files = readPage(folder);
  const config = { access: 'open' } as const;
  const schema = { hide: true };
  if (!files.has('index.html')) {
    api.get('/', { config, schema }, (_request, reply) => reply.code(503).type('text/plain; charset=utf-8').send(notBuilt));
    return;
  }
  for (const [name, body] of files) {
    const index = name === 'index.html';
    const type = typeOfEnding[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    // Names carry a hash of the content, but for the page itself.
    const cache = index ? 'no-cache' : 'public, max-age=31536000, immutable';
    api.get(index ? '/' : `/${name}`, { config, schema }, (_request, reply) =>
      reply
        .headers({ ...pageHeaders, 'cache-control': cache })
        .type(type)
        .send(body),
    );
  }
}

function readPage(folder: URL): Map<string, Buffer> {
  try {
    return new Map(readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder))]));
  } catch {
    return new Map();
  }
}
