/**
 * Who may fetch pages and tell what was shown. On loopback everybody on this machine, but no page of another site (Host against DNS rebinding,
 * Origin against reports in our name). Off it whoever has the token: once in the address, from then on in a cookie.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from './rule-faults.ts';

const cookieName = 'kiosk-screen';

export interface Request {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: unknown;
}

export interface Access {
  /** Why it is refused, or the cookie to set, or nothing. */
  check(request: Request): { readonly refused?: string; readonly cookie?: string };
}

export function createAccess(host: string, token: string): Access {
  const local = isLoopback(host);
  return {
    check({ method, headers, query }) {
      const name = hostName(headers.host);
      if (local && (name === undefined || !isLoopback(name)))
        return { refused: 'the Host header names another machine; use http://127.0.0.1 or http://localhost' };
      if (method !== 'GET' && method !== 'HEAD' && headers.origin !== undefined && originHost(headers.origin) !== headers.host?.toLowerCase())
        return { refused: 'another web site sent this request' };
      if (token === '') return {};
      const given = (query as { token?: unknown } | null)?.token;
      if (typeof given === 'string' && same(given, token)) return { cookie: `${cookieName}=${token}; HttpOnly; SameSite=Strict; Path=/` };
      const kept = bearer(headers) ?? cookie(headers);
      return kept !== undefined && same(kept, token) ? {} : { refused: 'open the page once with its token: http://<device>:<port>/?token=...' };
    },
  };
}

function hostName(header: string | undefined): string | undefined {
  const url = header === undefined ? null : URL.parse(`http://${header}`);
  return url?.hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

/** `null` (sandboxed frames, files) never equals a Host. */
function originHost(origin: string): string | undefined {
  return URL.parse(origin)?.host.toLowerCase();
}

function bearer({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

function cookie({ cookie: line = '' }: IncomingHttpHeaders): string | undefined {
  return line
    .split('; ')
    .find((one) => one.startsWith(`${cookieName}=`))
    ?.slice(cookieName.length + 1);
}

/** Equal lengths for timingSafeEqual, whatever was sent. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
