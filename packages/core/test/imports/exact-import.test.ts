/** What other programs stored survives an export and an import, byte for byte and type for type. */
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { TableName } from '../../src/index.ts';
import { TABLE_NAMES } from '../../src/index.ts';
import { receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { createTestDatabase } from '../support/test-database.ts';

const FOREIGN_ROWS = [
  `INSERT INTO receipts VALUES ('r1', 'e1', 'a', 't', x'7b7d', 'x', 1772359200, 2461100.5, 9007199254740993)`,
  `INSERT INTO receipts VALUES ('r2', 'e2', CAST(x'61ff62' AS TEXT), 't', '{"n": 9007199254740993}', '', '2026-01-01T00:00:00Z', NULL, 1.5)`,
  `INSERT INTO receipts VALUES ('r3', 'e3', 'a', 't', '{"base64":"AA=="}', 'x', 'never', 'x', 9e999)`,
  `INSERT INTO receipts VALUES (NULL, 'e4', x'00ff', 't', '', 'x', NULL, NULL, NULL)`,
  `INSERT INTO agent_memory VALUES ('m1', 'ä' || char(0) || 'b', 't', 'no json', NULL, -9223372036854775808)`,
  `INSERT INTO audit_log VALUES ('a1', x'01', 'a', 'o', NULL, 's', 'long', CAST(x'ff' AS TEXT), '')`,
];

const dump = (table: TableName, columns: number): string =>
  `SELECT ${upTo(columns)
    .map((index) => `quote(c${index + 1}) || typeof(c${index + 1})`)
    .join(', ')} FROM (SELECT NULL AS c1${upTo(columns - 1)
    .map((index) => `, NULL AS c${index + 2}`)
    .join('')} WHERE 0 UNION ALL SELECT * FROM ${table}) ORDER BY 2`;
const COLUMNS = { receipts: 9, agent_memory: 6, audit_log: 9 } as const;

it.each(['ndjson', 'json'] as const)('as %s', async (format) => {
  const source = createTestDatabase();
  const target = createTestDatabase();
  const from = await source.open();
  await from.saveReceipt(receiptOf('own', { durationMs: 3 }));
  await from.close();
  source.native(...FOREIGN_ROWS);
  const reading = await source.open();
  const writing = await target.open();
  for (const table of TABLE_NAMES) {
    const output = source.path(`${table}.${format}`);
    const { rows } = await reading.exportRows({ table, format, output });
    const input = (): ReadableStream<Uint8Array> =>
      Readable.toWeb(fs.createReadStream(output, { highWaterMark: 7 })) as ReadableStream<Uint8Array>;
    const strict = await writing.importRows({ table, format, input: input() });
    expect(strict.rows + strict.refused).toBe(rows);
    expect(strict.rows).toBe(table === 'receipts' ? 1 : 0);
    const report = await writing.importRows({
      table,
      format,
      input: input(),
      acceptInvalid: true,
      ifAbsent: true,
    });
    expect(report).toMatchObject({ rows: strict.refused, alreadyStored: strict.rows, refused: 0 });
    const query = dump(table, COLUMNS[table]);
    expect(target.native(query)).toBe(source.native(query));
  }
  expect((await writing.verify()).problems.filter(({ check }) => check === 'integrity')).toEqual([]);
  await writing.historyStatus();
});
