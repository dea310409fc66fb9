import type { KeyObject } from 'node:crypto';
import { fromBase64Url, toPkcs8, type Ed25519 } from './ed25519.ts';

/** Web Crypto of Node 20 prints a warning for Ed25519, `node:crypto` does not. */
export const ed25519: Ed25519 = {
  async publicKeyOf(seed) {
    const { createPublicKey } = process.getBuiltinModule('node:crypto');
    return fromBase64Url(createPublicKey(privateKey(seed)).export({ format: 'jwk' }).x ?? '');
  },

  async sign(seed, message) {
    return new Uint8Array(process.getBuiltinModule('node:crypto').sign(null, message, privateKey(seed)));
  },

  async verify(publicKey, message, signature) {
    const { createPublicKey, verify } = process.getBuiltinModule('node:crypto');
    const x = Buffer.from(publicKey).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, message, key, signature);
  },
};

function privateKey(seed: Uint8Array): KeyObject {
  const { createPrivateKey } = process.getBuiltinModule('node:crypto');
  return createPrivateKey({ key: Buffer.from(toPkcs8(seed)), format: 'der', type: 'pkcs8' });
}
