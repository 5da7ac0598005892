/** Certificates and key from files or from the options' text, read anew for each connection: renewed ones are used without a restart. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { MienError } from '@mien/core/plugin';
import { readPem } from '../shared/pem.ts';
import type { Options } from './options.ts';

export interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

/** Errors: CONFIG_INVALID that names the option and what to do. */
export async function readTls({ ca, cert, key, serverName }: Options['tls'], nowMs = Date.now()): Promise<Tls> {
  const [caText, certText, keyText] = await Promise.all([
    readPem('tls.ca', ca, 'certificate'),
    readPem('tls.cert', cert, 'certificate'),
    readPem('tls.key', key, 'private key'),
  ]);
  if (certText !== undefined) checkDates(certText, nowMs);
  try {
    createSecureContext({
      ...(caText !== undefined && { ca: caText }),
      ...(certText !== undefined && { cert: certText }),
      ...(keyText !== undefined && { key: keyText }),
    });
  } catch (cause) {
    throw invalid(`tls: ${(cause as Error).message}: ca and cert must be certificates in PEM, and key the private key of cert, without a pass phrase`, cause);
  }
  return {
    ...(caText !== undefined && { ca: caText }),
    ...(certText !== undefined && { cert: certText }),
    ...(keyText !== undefined && { key: keyText }),
    ...(serverName !== '' && { servername: serverName }),
  };
}

function checkDates(cert: string, nowMs: number): void {
  const dates = new X509Certificate(cert);
  if (Date.parse(dates.validTo) < nowMs)
    throw invalid(`tls.cert: this certificate was valid until ${dates.validTo}: renew it. If it should be valid, the clock of this device is wrong`);
  if (Date.parse(dates.validFrom) > nowMs) throw invalid(`tls.cert: this certificate is valid from ${dates.validFrom} on: is the clock of this device right?`);
}

function invalid(message: string, cause?: unknown): MienError {
  return new MienError('CONFIG_INVALID', message, cause === undefined ? undefined : { cause });
}
