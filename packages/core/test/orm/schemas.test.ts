/** The tables for Drizzle and Kysely are those of the database, and give the rows that were saved. */
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { drizzle } from '@ggen-sim/sqljs-vfs/drizzle';
import { DurableDialect } from '@ggen-sim/sqljs-vfs/kysely';
import { is, SQL } from 'drizzle-orm';
import { getTableConfig } from 'drizzle-orm/sqlite-core';
import { Kysely } from 'kysely';
import { expect, expectTypeOf, it } from 'vitest';
import {
  columnsOfTable,
  TABLE_NAMES,
  type AuditRow,
  type MemoryRow,
  type ReceiptRow,
  type TableName,
} from '../../src/index.ts';
import { agentMemory, auditLog, receipts } from '../../src/orm/drizzle.ts';
import type { Tables } from '../../src/orm/kysely.ts';
import { receiptOf } from '../../src/testing/persistence-case.ts';
import { createTestDatabase } from '../support/test-database.ts';

const DRIZZLE_TABLES = { receipts, agent_memory: agentMemory, audit_log: auditLog };

/** Every column of the types for Kysely: one that they lack does not compile. */
const KYSELY_COLUMNS: { readonly [Table in keyof Tables]: Readonly<Record<keyof Tables[Table], true>> } = {
  receipts: {
    receipt_id: true,
    execution_id: true,
    agent_id: true,
    agent_type: true,
    receipt_json: true,
    status: true,
    created_at: true,
    updated_at: true,
    duration_ms: true,
  },
  agent_memory: {
    memory_id: true,
    agent_id: true,
    agent_type: true,
    memory_json: true,
    last_updated: true,
    version: true,
  },
  audit_log: {
    audit_id: true,
    timestamp: true,
    agent_id: true,
    operation: true,
    operation_type: true,
    status: true,
    duration_ms: true,
    details: true,
    error_message: true,
  },
};

it('both have exactly the tables', () => {
  expect(Object.keys(DRIZZLE_TABLES)).toEqual(TABLE_NAMES);
  expect(Object.keys(KYSELY_COLUMNS)).toEqual(TABLE_NAMES);
});

it.each(TABLE_NAMES)('%s has the fields, columns, keys and defaults of the database', async (name) => {
  const database = createTestDatabase();
  await database.open();
  const expected = columnsOfTable(name);
  expect(Object.keys(KYSELY_COLUMNS[name])).toEqual(expected.map(({ column }) => column));
  const table = DRIZZLE_TABLES[name];
  const { columns, ...config } = getTableConfig(table);
  expect(config.name).toBe(name);
  expect(columns.map((column) => column.name)).toEqual(expected.map(({ column }) => column));
  expect(
    expected.map(({ field }) => (table as unknown as Record<string, { name: string }>)[field]?.name),
  ).toEqual(expected.map(({ column }) => column));
  const stored = JSON.parse(database.native('.mode json', `PRAGMA table_info(${name})`)) as {
    name: string;
    type: string;
    dflt_value: string | null;
    pk: number;
  }[];
  const uniques = database
    .native(
      `SELECT group_concat(c.name) FROM pragma_index_list('${name}') l, pragma_index_info(l.name) c WHERE l.origin = 'u'`,
    )
    .trim();
  for (const column of columns) {
    const native = stored.find((candidate) => candidate.name === column.name);
    const defaultValue = is(column.default, SQL) ? 'CURRENT_TIMESTAMP' : column.default;
    expect({
      name: column.name,
      type: column.getSQLType() === 'text' ? /^(TEXT|DATETIME)$/ : /^INTEGER$/,
      default: defaultValue === undefined ? null : String(defaultValue),
      primary: column.primary,
    }).toEqual({
      name: native?.name,
      type: expect.toSatisfy((type: RegExp) => type.test(native?.type ?? '')),
      default: native?.dflt_value,
      primary: native?.pk === 1,
    });
    expect(column.isUnique).toBe(uniques.split(',').includes(column.name));
  }
});

it('give the rows that were saved', async () => {
  const database = createTestDatabase();
  const persistence = await database.open();
  await persistence.saveReceipt(receiptOf('e'));
  await persistence.saveMemory({ agentId: 'a', agentType: 't', memory: { x: 1 } });
  await persistence.logAudit({ agentId: 'a', operation: 'o', status: 'failed', errorMessage: 'why' });
  const durable = await openDatabase(fileStorage(database.file));
  const rowsOf = (name: TableName): Promise<unknown> =>
    drizzle(durable)
      .select()
      .from(DRIZZLE_TABLES[name] as typeof receipts)
      .all();
  expect(await rowsOf('receipts')).toEqual(await persistence.queryReceipts());
  expect(await rowsOf('agent_memory')).toEqual(await persistence.queryMemory());
  expect(await rowsOf('audit_log')).toEqual(await persistence.queryAuditTrail());

  const kysely = new Kysely<Tables>({ dialect: new DurableDialect(durable) });
  const [row] = await kysely.selectFrom('receipts').selectAll().execute();
  const [saved] = await persistence.queryReceipts();
  expect(row).toMatchObject({ receipt_id: saved?.receiptId, created_at: saved?.createdAt });
  expectTypeOf(row?.created_at).toEqualTypeOf<string | undefined>();
  await kysely.destroy();
});

it('have the types of this package’s rows', () => {
  expectTypeOf(receipts.$inferSelect).toExtend<ReceiptRow>();
  expectTypeOf<ReceiptRow>().toExtend<typeof receipts.$inferSelect>();
  expectTypeOf(agentMemory.$inferSelect).toExtend<MemoryRow>();
  expectTypeOf<MemoryRow>().toExtend<typeof agentMemory.$inferSelect>();
  expectTypeOf(auditLog.$inferSelect).toExtend<AuditRow>();
  expectTypeOf<AuditRow>().toExtend<typeof auditLog.$inferSelect>();
  expectTypeOf<{ receiptId: string }>().not.toExtend<typeof receipts.$inferInsert>();
});
