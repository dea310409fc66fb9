import { fromBase64Url, toPkcs8, type Ed25519 } from './ed25519.ts';

const ALGORITHM = 'Ed25519';

export const ed25519: Ed25519 = {
  async publicKeyOf(seed) {
    const { x = '' } = await crypto.subtle.exportKey('jwk', await privateKey(seed, true));
    return fromBase64Url(x);
  },

  async sign(seed, message) {
    const key = await privateKey(seed, false);
    return new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, Uint8Array.from(message)));
  },

  async verify(publicKey, message, signature) {
    const key = await crypto.subtle.importKey('raw', Uint8Array.from(publicKey), ALGORITHM, false, [
      'verify',
    ]);
    return crypto.subtle.verify(ALGORITHM, key, Uint8Array.from(signature), Uint8Array.from(message));
  },
};

function privateKey(seed: Uint8Array, extractable: boolean): Promise<CryptoKey> {
  return crypto.subtle.importKey('pkcs8', toPkcs8(seed), ALGORITHM, extractable, ['sign']);
}
