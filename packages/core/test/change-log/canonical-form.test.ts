import { memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { expect, it } from 'vitest';
import { canonicalForm, leafOf, RawLeaves } from '../../src/change-log/canonical-form.ts';
import type { SqlValue } from '../../src/engine/sqlite-connection.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The examples of docs/change-log.md. Another program made them: `struct.pack` and `hashlib` of Python. */
const EXAMPLES: readonly (readonly [
  name: string,
  values: readonly SqlValue[],
  form: string,
  leaf: string,
])[] = [
  [
    't',
    ['é', null, -1, 0.5, Uint8Array.of(0, 255), ''],
    '0300000001740300000002c3a905000000000100000008ffffffffffffffff02000000083fe0000000000000040000000200ff0300000000',
    'e958a7e2ab6b91b0d5780828bc573eabadd16c30b86a35bc3e080f4da5cef350',
  ],
  [
    'audit_log',
    ['a', '2026-01-29 18:00:00', 'validator-1', 'validate', null, 'completed', 5, null, null],
    '030000000961756469745f6c6f670300000001610300000013323032362d30312d32392031383a30303a3030030000000b76616c696461746f722d31030000000876616c696461746505000000000300000009636f6d706c657465640100000008000000000000000505000000000500000000',
    'd1bdcb70ee3a6666658bf5c5a5f44cea2cddcebc4832b7ba8dd5ab9389f86b73',
  ],
  [
    't',
    [9007199254740993n],
    '03000000017401000000080020000000000001',
    'a905fb49800a9a2e63ff8310d56b6fb46c25249b36888e3546ca1d4d214d20ec',
  ],
  [
    'ab',
    ['c'],
    '03000000026162030000000163',
    '42891ed164e68e7e98ae3b8048f81f3c416498a48da5f60e0a575975855fbd10',
  ],
  [
    'a',
    ['bc'],
    '03000000016103000000026263',
    '1ec1936b3118eefebcc74515d1c681291e73b2e387136c21040e869a1fe50197',
  ],
];

it.each(EXAMPLES)('encodes a row of %s', (name, values, form, leaf) => {
  expect(hex(canonicalForm(name, values))).toBe(form);
  expect(hex(leafOf(name, values))).toBe(leaf);
});

it('gives a row the same hash from the bytes that SQLite has as from its values', async () => {
  const db = await openDatabase(memoryStorage());
  const rows: readonly (readonly SqlValue[])[] = [
    ...EXAMPLES.filter(([, values]) => typeof values[0] !== 'bigint').map(([, values]) => values),
    [0, -0, 5, 1.5, -1, 2 ** 53 - 1, -(2 ** 53 - 1), 1e300, Number.MIN_VALUE, 2 ** 31, -(2 ** 31) - 1],
    ['', 'a\0b', '\ufeffx', '\u{1f600}', 'é'.repeat(5000), '\ufffd'],
    [new Uint8Array(), Uint8Array.of(0), new Uint8Array(100_000).fill(7)],
    [null],
  ];
  const leaves = new RawLeaves();
  for (const values of rows) {
    const columns = values.map((_, index) => `c${index}`);
    db.database.exec(`CREATE TABLE t (${columns.join()})`);
    db.database.run(`INSERT INTO t VALUES (${columns.map(() => '?').join()})`, [...values] as null[]);
    const found: string[] = [];
    db.eachRow('SELECT rowid, * FROM t', [], (row) => {
      found.push(hex(leaves.leafOf('täble', row, 1, values.length)));
    });
    expect(found).toEqual([hex(leafOf('täble', values))]);
    db.database.exec('DROP TABLE t');
  }
  const exact = [9007199254740993n, -9223372036854775808n];
  db.eachRow(`SELECT ${exact.join()}`, [], (row) => {
    expect(hex(leaves.leafOf('t', row, 0, 2))).toBe(hex(leafOf('t', exact)));
  });
  db.close();
});
