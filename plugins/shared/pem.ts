/** Certificates and private keys in options: the path of a PEM file, or its text. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { MienError } from '@mien/core/plugin';

export type PemKind = 'certificate' | 'private key';

/** For checkOptions: what is wrong with `given`; empty for none given. Files are not looked at yet: one may come later. */
export function pemFaults(where: string, given: string, kind: PemKind): string[] {
  if (given === '') return [];
  if (!isText(given)) return isAbsolute(given) ? [] : [`${where}: expected an absolute path, or the text of a PEM file, which begins with -----BEGIN`];
  const fault = textFault(given, kind);
  return fault === undefined ? [] : [`${where}: ${fault}`];
}

/** Undefined for none given. Read it anew for each connection: a renewed file is used without a restart. Errors: CONFIG_INVALID that names the option. */
export async function readPem(where: string, given: string, kind: PemKind): Promise<string | undefined> {
  if (given === '' || isText(given)) return given || undefined;
  let text: string;
  try {
    text = await readFile(given, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const notAllowed = `${given} may not be read: add it to allow.read of this plugin in mien.yaml`;
    const what = code === 'ENOENT' ? `there is no file ${given}` : code === 'ERR_ACCESS_DENIED' ? notAllowed : message;
    throw new MienError('CONFIG_INVALID', `${where}: ${what}`, { cause });
  }
  const fault = textFault(text, kind);
  if (fault !== undefined) throw new MienError('CONFIG_INVALID', `${where}: ${given}: ${fault}`);
  return text;
}

function isText(given: string): boolean {
  return given.trimStart().startsWith('-----BEGIN');
}

function textFault(text: string, kind: PemKind): string | undefined {
  if (kind === 'private key') return text.includes('PRIVATE KEY-----') ? undefined : 'expected a private key in PEM';
  try {
    new X509Certificate(text);
    return undefined;
  } catch (fault) {
    return `not a certificate in PEM: ${(fault as Error).message}`;
  }
}
