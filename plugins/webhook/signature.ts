/** Signatures as Standard Webhooks has them (version 1 of its symmetric scheme): HMAC-SHA256 over `id.timestamp.body`. */
import { createHmac } from 'node:crypto';

/** The key in `whsec_...`; the prefix may be missing. Undefined when it is none. */
export function keyOf(secret: string): Buffer | undefined {
  const text = secret.replace(/^whsec_/, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length >= 24 && key.length <= 64 && key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '') ? key : undefined;
}

/** Never says the secret itself. */
export function secretFault(option: string, secret: string): string[] {
  return secret === '' || keyOf(secret)
    ? []
    : [`${option}: expected whsec_ and base64 of 24 to 64 random bytes: make one with \`echo whsec_$(openssl rand -base64 32)\``];
}

/** Headers for one attempt. One signature a key, newest first: a receiver needs to know one of them. */
export function signatureHeaders(keys: readonly Buffer[], id: string, wallMs: number, body: Buffer): Record<string, string> {
  const timestamp = String(Math.floor(wallMs / 1000));
  const sign = (key: Buffer): string => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(keys.length > 0 && { 'webhook-signature': keys.map(sign).join(' ') }),
  };
}
