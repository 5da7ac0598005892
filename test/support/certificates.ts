/** Certificates for localhost, made by openssl, each signed by itself. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, skip } from './programs.ts';

export interface Certificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

export function requireOpenssl(): string {
  return findProgram(['openssl'], ['version']) ?? skip('openssl', 'openssl');
}

/** Files go into `folder`/`name`. `untilDate` as 20200102000000Z; a day from now unless said otherwise. */
export function makeCertificate(folder: string, name: string, { untilDate }: { readonly untilDate?: string } = {}): Certificate {
  const place = join(folder, name);
  mkdirSync(place);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: place, stdio: 'pipe', timeout: 60_000 });
  writeFileSync(
    join(place, 'ca.cnf'),
    `[ca]\ndefault_ca=all\n[all]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\nx509_extensions=names\n` +
      `[any]\ncommonName=supplied\n[names]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:true\n`,
  );
  writeFileSync(join(place, 'index.txt'), '');
  writeFileSync(join(place, 'serial'), '01');
  openssl('req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=localhost');
  const dates = untilDate === undefined ? ['-days', '1'] : ['-startdate', '20200101000000Z', '-enddate', untilDate];
  openssl('ca', '-batch', '-selfsign', '-config', 'ca.cnf', '-keyfile', 'key.pem', '-in', 'request.pem', '-out', 'cert.pem', '-notext', ...dates);
  return { key: readFileSync(join(place, 'key.pem'), 'utf8'), cert: readFileSync(join(place, 'cert.pem'), 'utf8') };
}
