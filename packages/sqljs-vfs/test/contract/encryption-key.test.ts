import { describe, expect, it } from 'vitest';
import { checkKey } from '../../src/contract/encryption-key.ts';

describe('the key of a database', () => {
  it('is 32 bytes, which are copied', () => {
    const bytes = new Uint8Array(32).fill(7);
    const key = checkKey(bytes);
    bytes.fill(0);
    expect(key).toEqual(new Uint8Array(32).fill(7));
  });

  it('is a passphrase, or 32 bytes in the notation of SQLCipher', () => {
    expect(checkKey('correct horse')).toBe('correct horse');
    expect(checkKey(`x'${'0A'.repeat(32)}'`)).toEqual(new Uint8Array(32).fill(10));
  });

  it('is a CryptoKey, also one that cannot be extracted', async () => {
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
      'decrypt',
    ]);
    expect(checkKey(key)).toBe(key);
  });

  it.each([
    ['128 bits', { name: 'AES-GCM', length: 128 }, ['encrypt', 'decrypt']],
    ['another cipher', { name: 'AES-CBC', length: 256 }, ['encrypt', 'decrypt']],
    ['encryption only', { name: 'AES-GCM', length: 256 }, ['encrypt']],
    ['decryption only', { name: 'AES-GCM', length: 256 }, ['decrypt']],
  ] as const)('is no CryptoKey for %s', async (_, algorithm, usages) => {
    const key = await crypto.subtle.generateKey(algorithm, true, [...usages]);
    expect(() => checkKey(key)).toThrow(/^key: .*AES-GCM with 256 bits/);
  });

  it('is refused without being quoted', () => {
    const secret = `x'${'5e'.repeat(48)}'`;
    for (const wrong of ['', '\ud800', secret, new Uint8Array(31), 7, null, {}, [1]]) {
      expect(() => checkKey(wrong)).toThrow(/^key: (?!.*5e5e)/);
    }
  });
});
