/** Files with the certificate and the private key of a server. */
import { readFileSync } from 'node:fs';
import { checkTls, tlsRefused, type TlsIdentity } from '../access/tls.ts';
import type { ServeError } from '../errors.ts';
import { readPrivate } from './private-file.ts';

/**
 * Reads the certificate and the private key for the option `tls`, and checks that they can be used.
 * @param certificateFile - path of the certificate as PEM, followed by those of its chain
 * @param keyFile - path of its private key as PEM, a file that nobody else may read
 * @throws {ServeError} TLS_REFUSED
 */
export function tlsOfFiles(certificateFile: string, keyFile: string): TlsIdentity {
  const certificate = readCertificate(certificateFile);
  if (certificate.includes('PRIVATE KEY-----') && !certificate.includes('BEGIN CERTIFICATE-----'))
    throw refusedFile(
      certificateFile,
      'it holds a private key and no certificate; were the two files exchanged?',
    );
  const key = readPrivate(keyFile, refusedFile);
  if (key === undefined) throw refusedFile(keyFile, 'it does not exist');
  const identity = { certificate, key };
  checkTls(identity);
  return identity;
}

function readCertificate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw refusedFile(file, code === 'ENOENT' ? 'it does not exist' : message, cause);
  }
}

function refusedFile(file: string, reason: string, cause?: unknown): ServeError {
  return tlsRefused(`${file}: ${reason}`, cause);
}
