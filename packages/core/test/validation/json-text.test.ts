/** JSON is checked by RFC 8259 and kept byte for byte; values are serialised by RFC 8785. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { type JsonInput, type Persistence, openPersistence } from '../../src/index.ts';
import { memoryOf, receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';

async function openOfTest(): Promise<Persistence> {
  const db = await openPersistence({ storage: 'memory' });
  onTestFinished(() => db.close());
  return db;
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const kept: Record<string, string> = {
  'a number past 2^53': '{"n":9007199254740993}',
  'long decimals': '[0.1000000000000000055511151231257827, 1.10, 3.141592653589793238462643383279]',
  'duplicate keys': '{"a":1,"a":2,"a":3}',
  'key order': '{"z":1,"a":2,"10":3,"9":4}',
  whitespace: ' \t\r\n{ "a" :\n1 }\r\n ',
  'minus zero': '-0',
  'out of range': '[1e400,-1e400,1E-400]',
  escapes: String.raw`"\u0041\/\b\f\n\r\t\"\\\uD83D\uDE00\ud800"`,
  'the same, unescaped': '"A/😀"',
  '500 levels': nested(500),
  '1000 levels': nested(1000),
  '1000 levels and brackets in strings': `${'{"[[{{":'.repeat(1000)}"]}\\"[["${'}'.repeat(1000)}`,
  'a megabyte': `"${'ü'.repeat(1_048_576)}"`,
  scalars: 'null',
  'true alone': 'true',
  'the empty object': '{}',
  __proto__: '{"__proto__":{"polluted":true},"constructor":{"prototype":1}}',
};

const invalid: Record<string, string> = {
  'not JSON': 'hello',
  'cut short': '{"a":1',
  'a trailing comma in an object': '{"a":1,}',
  'a trailing comma in an array': '[1,2,]',
  'single quotes': "{'a':1}",
  'a bare key': '{a:1}',
  'a comment': '{"a":1} // one',
  'two values': '{} {}',
  'text after the value': '{"a":1}x',
  NaN: 'NaN',
  Infinity: '[Infinity]',
  undefined: 'undefined',
  'a leading zero': '01',
  'a leading plus': '+1',
  'a lone point': '1.',
  'hex digits': '0x1F',
  'a control character in a string': '"a\nb"',
  'a wrong escape': String.raw`"\x41"`,
  'a byte order mark': '\uFEFF{}',
  'only whitespace': ' \n ',
  'a vertical tab as whitespace': '\u000B1',
  'NUL after the value': '1\0',
  '1001 levels': nested(1001),
  '100,000 levels': nested(100_000),
};

describe('text is kept byte for byte', () => {
  it.for(Object.entries(kept))('%s', async ([, text]) => {
    const db = await openOfTest();
    const { receiptId } = await db.saveReceipt(receiptOf('e', { receipt: text }));
    expect((await db.getReceipt(receiptId)) === text).toBe(true);
    await db.saveMemory(memoryOf('a', { memory: text }));
    expect((await db.getMemory('a')) === text).toBe(true);
    const [row] = await db.queryReceipts();
    expect(row?.receiptJson === text).toBe(true);
    expect((await db.verify()).ok).toBe(true);
  });
});

describe('invalid text is refused', () => {
  it.for(Object.entries(invalid))('%s', async ([, text]) => {
    const db = await openOfTest();
    const receipt = await rejectionOf(db.saveReceipt(receiptOf('e', { receipt: text })));
    expect(receipt).toMatchObject({ code: 'INVALID_JSON', operation: 'saveReceipt' });
    expect(receipt.message).toMatch(/^Invalid JSON in receipt: /);
    const memory = await rejectionOf(db.saveMemory(memoryOf('a', { memory: text })));
    expect(memory.message).toMatch(/^Invalid JSON in memory: /);
    const { receiptsTotal, agentsTracked } = await db.stats();
    expect([receiptsTotal, agentsTracked]).toEqual([0, 0]);
  });

  it('there are enough kinds of invalid text', () =>
    expect(Object.keys(invalid).length).toBeGreaterThanOrEqual(18));
});

describe('values are serialised canonically', () => {
  // The examples of RFC 8785, sections 3.2.2 and 3.2.3.
  it.for([
    [
      'numbers, strings, literals',
      {
        numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27],
        string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
        literals: [null, true, false],
      },
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    ],
    [
      'the order of keys',
      {
        '\u20ac': 'Euro',
        '\r': 'CR',
        '\ufb33': 'Dalet',
        '1': 'One',
        '\ud83d\ude00': 'Emoji',
        '\u0080': 'Control',
        '\u00f6': 'o',
      },
      '{"\\r":"CR","1":"One","\u0080":"Control","\u00f6":"o","\u20ac":"Euro","\ud83d\ude00":"Emoji","\ufb33":"Dalet"}',
    ],
    ['minus zero', [-0], '[0]'],
    ['null', null, 'null'],
    ['a number', 12.5, '12.5'],
    ['false', false, 'false'],
    ['a date', [new Date(0)], '["1970-01-01T00:00:00.000Z"]'],
    ['the same object twice', ((shared) => [shared, shared])({ a: 1 }), '[{"a":1},{"a":1}]'],
    [
      'a key called __proto__',
      JSON.parse('{"__proto__":{"x":1},"a":2}') as JsonInput,
      '{"__proto__":{"x":1},"a":2}',
    ],
  ] as [string, JsonInput, string][])('%s', async ([, value, text]) => {
    const db = await openOfTest();
    const { receiptId } = await db.saveReceipt(receiptOf('e', { receipt: value }));
    expect(await db.getReceipt(receiptId)).toBe(text);
  });

  it.for([
    ['NaN', Number.NaN],
    ['Infinity', [Number.POSITIVE_INFINITY]],
    ['a BigInt', { n: 1n }],
    ['a function', () => 1],
    ['a function inside', { inside: [{ deeper: () => 1 }] }],
    ['a toJSON inside that gives nothing', { inside: { toJSON: () => undefined } }],
    ['a symbol', Symbol('s')],
    ['too deep', JSON.parse(nested(1001)) as unknown],
    [
      'a toJSON that fails',
      {
        toJSON: () => {
          throw new Error('no form');
        },
      },
    ],
  ] as [string, unknown][])('%s is refused', async ([, value]) => {
    const db = await openOfTest();
    const error = await rejectionOf(db.saveReceipt(receiptOf('e', { receipt: value as JsonInput })));
    expect(error).toMatchObject({ code: 'INVALID_JSON' });
    expect(error.message).toMatch(/^Invalid JSON in receipt: /);
  });

  it('a circular value is refused', async () => {
    const db = await openOfTest();
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = [cyclic];
    const error = await rejectionOf(db.saveMemory(memoryOf('a', { memory: cyclic })));
    expect(error).toMatchObject({ code: 'INVALID_JSON', operation: 'saveMemory' });
  });

  it('prototypes are not polluted', async () => {
    const db = await openOfTest();
    await db.saveReceipt(
      receiptOf('e', { receipt: '{"__proto__":{"polluted":true}}', agentId: '__proto__' }),
    );
    await db.saveMemory(memoryOf('__proto__'));
    expect(await db.getMemory('__proto__')).toBe('{"active":true}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
