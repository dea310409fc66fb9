import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '../../src/protocol/message-codec.ts';
import { hostileTexts } from '../../src/testing/hostile-texts.ts';

const SEED = Number(process.env['CODEC_SEED'] ?? 1);

it(`a message is read back as what it was made of (CODEC_SEED=${SEED})`, () => {
  const anything = fc.anything({
    // Refused, see below.
    key: fc.string().filter((key) => key !== '__proto__'),
    withBigInt: true,
    withDate: true,
    withTypedArray: false,
    withNullPrototype: false,
    values: [
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\ud800', '\udfff\ud800', 'a\udc00b', '\u2028'),
      fc.uint8Array({ maxLength: 300 }),
      fc.bigInt(),
      fc.double(),
      fc.constant(undefined),
      fc.constant(null),
    ],
  });
  fc.assert(
    fc.property(anything, (value) => {
      expect(decodeMessage(encodeMessage(value))).toStrictEqual(value);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

it('refuses a property named __proto__, which a reader could take for the prototype', () => {
  const value: unknown = JSON.parse('{"__proto__":1}');
  expect(() => encodeMessage([value])).toThrow('__proto__');
});

it('texts that confuse other programs stay as they are', () => {
  for (const text of Object.values(hostileTexts))
    expect(decodeMessage(encodeMessage([text]))).toEqual([text]);
});

it('a text of any bytes is a value or an error, never a change to a prototype', () => {
  for (const text of [
    '[{"__proto__":1},{"polluted":2},true]',
    '[["Map",1,2],"__proto__",[]]',
    '[[1],"__proto__"]',
  ]) {
    const bytes = Buffer.from(text);
    const message = Buffer.concat([Buffer.from([bytes.length, 0, 0, 0]), bytes]);
    try {
      decodeMessage(message);
    } catch {
      // Refused.
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  }
});
