/** Keys as the command line reads them. */
import { expect, it } from 'vitest';
import { bytesOfKey, keyOfFile, keyOfText, newKey } from '../src/sync/sync-key.ts';

const DIGITS = '0123456789abcdef'.repeat(4);

it('makes keys that it reads, each another one', async () => {
  const key = newKey();
  expect(newKey()).not.toBe(key);
  expect(keyOfText(key)).toBe(key);
  expect(await keyOfFile(new Blob([`${key}\n`]))).toBe(key);
  expect(bytesOfKey(DIGITS)).toEqual(Uint8Array.from(Buffer.from(DIGITS, 'hex')));
});

it.each([`${DIGITS}\n`, ` ${DIGITS.toUpperCase()} `, `x'${DIGITS}'`])('reads the text %j', (text) => {
  expect(keyOfText(text)).toBe(DIGITS);
});

it.each(['', DIGITS.slice(1), `${DIGITS}0`, 'g'.repeat(64), 'a passphrase'])(
  'refuses the text %j',
  (text) => {
    expect(keyOfText(text)).toBeUndefined();
  },
);

it('reads files of digits and of bytes, and nothing else', async () => {
  const bytes = bytesOfKey(DIGITS);
  for (const parts of [[DIGITS], [`${DIGITS.toUpperCase()}\r\n`], [bytes], [bytes, '\n']])
    expect(await keyOfFile(new Blob(parts))).toBe(DIGITS);
  for (const parts of [[], ['x'], [bytes, 'x'], [bytes.subarray(1)], [`${DIGITS} `], ['0'.repeat(1000)]])
    expect(await keyOfFile(new Blob(parts))).toBeUndefined();
});
