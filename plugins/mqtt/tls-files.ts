/** Certificates and key from files or from the options' text, read anew for each connection: renewed ones are used without a restart. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { MienError } from '@mien/core/plugin';
import { isInline, type Options } from './options.ts';

export interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

/** Errors: CONFIG_INVALID that names the option and what to do. */
export async function readTls({ ca, cert, key, serverName }: Options['tls'], nowMs = Date.now()): Promise<Tls> {
  const [caText, certText, keyText] = await Promise.all([text('tls.ca', ca), text('tls.cert', cert), text('tls.key', key)]);
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

async function text(where: string, given: string): Promise<string | undefined> {
  if (given === '') return undefined;
  if (isInline(given)) return given;
  try {
    return await readFile(given, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const what =
      code === 'ENOENT'
        ? `there is no file ${given}`
        : code === 'ERR_ACCESS_DENIED'
          ? `${given} may not be read: add it to allow.read of this plugin in mien.yaml`
          : message;
    throw invalid(`${where}: ${what}`, cause);
  }
}

function checkDates(cert: string, nowMs: number): void {
  let dates: X509Certificate;
  try {
    dates = new X509Certificate(cert);
  } catch {
    // Told by createSecureContext, in its words.
    return;
  }
  if (Date.parse(dates.validTo) < nowMs)
    throw invalid(`tls.cert: this certificate was valid until ${dates.validTo}: renew it. If it should be valid, the clock of this device is wrong`);
  if (Date.parse(dates.validFrom) > nowMs) throw invalid(`tls.cert: this certificate is valid from ${dates.validFrom} on: is the clock of this device right?`);
}

function invalid(message: string, cause?: unknown): MienError {
  return new MienError('CONFIG_INVALID', message, cause === undefined ? undefined : { cause });
}
