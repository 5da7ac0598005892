/**
 * Who may call the API. On loopback without a token everybody on this machine may; a browser that was sent here by another
 * site may not (Host against DNS rebinding, Origin and Sec-Fetch-Site against cross-site requests). With a token it is
 * demanded everywhere but for the page's own files and /healthz.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';
import { MienError } from '../errors.ts';

/** `api`: everything but pictures of the camera. `camera.preview`: those. */
export type ApiScope = 'api' | 'camera.preview';

/** The part of a request that decides. `query` is the parsed query string. */
export interface Credentials {
  readonly headers: IncomingHttpHeaders;
  readonly query: Readonly<Record<string, unknown>>;
}

export interface GuardOptions {
  readonly host: string;
  readonly token?: string | undefined;
  readonly previewToken?: string | undefined;
}

export interface Guard {
  /** Throws FORBIDDEN when the Host header names another machine (only checked on loopback). */
  checkHost(headers: IncomingHttpHeaders): void;
  /** Throws FORBIDDEN when a browser sends this from another site. For requests that change or open something. */
  checkOrigin(headers: IncomingHttpHeaders): void;
  /** Throws UNAUTHORIZED without a valid token, FORBIDDEN when it lacks the scope. `queryToken` also accepts ?access_token=. */
  checkToken(request: Credentials, scope: ApiScope, queryToken?: boolean): void;
}

/** True for `localhost`, 127.0.0.0/8 and ::1, with or without brackets. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/** Errors: TOKEN_REQUIRED when the address can be reached from outside and there is no token. */
export function createGuard({ host, token, previewToken }: GuardOptions): Guard {
  const loopback = isLoopback(host);
  if (!loopback && token === undefined) {
    throw new MienError(
      'TOKEN_REQUIRED',
      `api.host ${host} can be reached from other machines: give a token of at least 16 characters as api.token or MIEN_TOKEN, or use 127.0.0.1`,
    );
  }
  const open = token === undefined;
  const tokenDigest = digest(token);
  const previewDigest = digest(previewToken);

  return {
    checkHost(headers) {
      if (!loopback) return;
      const name = hostName(headers.host);
      if (name === undefined || (!isLoopback(name) && name !== host.toLowerCase())) {
        throw new MienError('FORBIDDEN', 'the Host header names another machine; use http://127.0.0.1 or http://localhost');
      }
    },
    checkOrigin(headers) {
      const site = headers['sec-fetch-site'];
      if (site === 'cross-site' || site === 'same-site') throw crossSite();
      const { origin } = headers;
      if (origin !== undefined && originHost(origin) !== headers.host?.toLowerCase()) throw crossSite();
    },
    checkToken(request, scope, queryToken = false) {
      const given = digest(bearer(request.headers) ?? (queryToken ? text(request.query.access_token) : undefined));
      const isPreview = same(given, previewDigest);
      const isToken = same(given, tokenDigest);
      if (scope === 'api') {
        if (open || isToken || isPreview) return;
      } else if (isPreview || (previewDigest === undefined && (open || isToken))) {
        return;
      } else if (open || isToken) {
        throw new MienError('FORBIDDEN', 'this token lacks the scope camera.preview; use the one given as api.previewToken');
      }
      throw new MienError('UNAUTHORIZED', 'a token is needed: send `Authorization: Bearer <token>` (the console takes it as #token=<token>)');
    },
  };
}

function crossSite(): MienError {
  return new MienError('FORBIDDEN', 'refused: another web site sent this request; open the console of this Mien itself');
}

function bearer(headers: IncomingHttpHeaders): string | undefined {
  const match = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '');
  return match?.[1];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Equal lengths for timingSafeEqual, whatever was sent. */
function digest(secret: string | undefined): Buffer | undefined {
  return secret === undefined ? undefined : createHash('sha256').update(secret).digest();
}

function same(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

function hostName(header: string | undefined): string | undefined {
  try {
    return header === undefined ? undefined : new URL(`http://${header}`).hostname.toLowerCase();
  } catch {
    return undefined;
  }
}

/** Host and port of an Origin header; `null` (sandboxed frames, files) never equals a Host. */
function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host.toLowerCase();
  } catch {
    return undefined;
  }
}
