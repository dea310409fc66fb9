/** Certificate and private key of a server that speaks HTTPS. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ServeError } from '../errors.ts';

/** What a server needs for TLS. */
export interface TlsIdentity {
  /** Certificate of the server as PEM, followed by those between it and the authority, if there are any. */
  readonly certificate: string;
  /** Private key of the certificate as PEM, without a passphrase. */
  readonly key: string;
}

/**
 * Reads the certificate of a server, and checks that it and its key can be used now.
 * @throws {ServeError} TLS_REFUSED
 */
export function checkTls({ certificate, key }: TlsIdentity): X509Certificate {
  const own = attempt('the certificate is none in PEM', () => new X509Certificate(certificate));
  if (!own.checkPrivateKey(privateKeyOf(key))) throw tlsRefused('the key is not that of the certificate');
  attempt('OpenSSL refuses them', () => createSecureContext({ cert: certificate, key }));
  // Clients would refuse the server, and whoever started it would not know why.
  const now = Date.now();
  if (now >= Date.parse(own.validTo)) throw tlsRefused(`the certificate is not valid since ${own.validTo}`);
  if (now < Date.parse(own.validFrom))
    throw tlsRefused(`the certificate is not valid before ${own.validFrom}`);
  return own;
}

function privateKeyOf(key: string): KeyObject {
  // What OpenSSL says of both is the same.
  if (/ENCRYPTED/.test(key)) throw tlsRefused('the key has a passphrase');
  return attempt('the key is no private key in PEM', () => createPrivateKey(key));
}

function attempt<Value>(reason: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw tlsRefused(reason, cause);
  }
}

/** Makes the error for a certificate or key that cannot be used. */
export function tlsRefused(reason: string, cause?: unknown): ServeError {
  return new ServeError('TLS_REFUSED', `The certificate and its key cannot be used: ${reason}`, {
    hint: 'Give a certificate that is valid now, followed by those of its chain, and its private key',
    cause,
  });
}
