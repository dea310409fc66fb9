/** Rows of other programs with NULL where this program always stores a value: `verify` names table, rowid and column. */
import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../../src/testing/persistence-case.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ORIGINAL_SCHEMA } from '../schema/original-schema.ts';

const ROWS = {
  receipts: {
    receipt_id: 'r',
    execution_id: 'e',
    agent_id: 'a',
    agent_type: 't',
    receipt_json: '{}',
    status: 'success',
    created_at: '2026-01-01 00:00:00',
    updated_at: '2026-01-01 00:00:00',
  },
  agent_memory: {
    memory_id: 'm',
    agent_id: 'a',
    agent_type: 't',
    memory_json: '{}',
    last_updated: '2026-01-01 00:00:00',
    version: '1',
  },
  audit_log: {
    audit_id: 'u',
    timestamp: '2026-01-01 00:00:00',
    agent_id: 'a',
    operation: 'o',
    status: 'completed',
  },
} as const;

/** One row per column, each with NULL in that column and values of its own in the others. */
function rowsWithNull(table: keyof typeof ROWS): { readonly sql: string; readonly columns: string[] } {
  const columns = Object.keys(ROWS[table]);
  const rows = columns.map((missing, index) =>
    Object.entries(ROWS[table])
      .map(([column, value]) => {
        if (column === missing) return 'NULL';
        return column.endsWith('_id') ? `'${value}-${index}'` : `'${value}'`;
      })
      .join(', '),
  );
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows.map((row) => `(${row})`).join(', ')}`;
  return { sql, columns };
}

describe('verify of rows with NULL', () => {
  it.for(['receipts', 'agent_memory', 'audit_log'] as const)(
    'names each of %s with its column',
    async (table) => {
      const fixture = createTestDatabase();
      const { sql, columns } = rowsWithNull(table);
      fixture.native(ORIGINAL_SCHEMA.replaceAll(' NOT NULL', ''), sql);
      const db = await fixture.open();
      const { problems } = await db.verify();
      expect(problems.map(({ row, message }) => [row, message.replace(/,.*/, '')])).toEqual(
        columns.map((column, index) => [`${table} ${index + 1}`, `${column} is NULL`]),
      );
    },
  );

  it('accepts it where this program stores none', async () => {
    const fixture = createTestDatabase();
    fixture.native(
      ORIGINAL_SCHEMA,
      `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status)
         VALUES ('r', 'e', 'a', 't', '{}', 'success')`,
      "INSERT INTO audit_log (audit_id, agent_id, operation, status) VALUES ('u', 'a', 'o', 'started')",
    );
    expect((await (await fixture.open()).verify()).problems).toEqual([]);
  });

  it('is refused in a backup, unless such rows are accepted', async () => {
    const fixture = createTestDatabase();
    fixture.native(
      ORIGINAL_SCHEMA,
      `INSERT INTO receipts (execution_id, agent_id, agent_type, receipt_json, status)
         VALUES ('e', 'a', 't', '{}', 'success')`,
    );
    const directory = fixture.path('backup');
    const db = await fixture.open();
    await db.exportBackup({ directory });
    await db.reset();
    for (const from of ['image', 'json'] as const) {
      expect(await rejectionOf(db.restoreBackup({ directory, from, force: true }))).toMatchObject({
        code: 'BACKUP_INVALID',
        message: expect.stringContaining('receipts 1 is invalid: receipt_id is NULL') as string,
      });
      expect(await db.restoreBackup({ directory, from, force: true, acceptInvalid: true })).toMatchObject({
        receipts: 1,
      });
    }
  });
});
