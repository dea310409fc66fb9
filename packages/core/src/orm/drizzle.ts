/**
 * The tables for Drizzle (https://orm.drizzle.team), with the fields of this package's rows. Times are UTC
 * `YYYY-MM-DD HH:MM:SS`.
 */
import { sql, type BuildColumns, type HasDefault, type IsPrimaryKey, type NotNull } from 'drizzle-orm';
import {
  integer,
  sqliteTable,
  text,
  type SQLiteIntegerBuilderInitial,
  type SQLiteTableWithColumns,
  type SQLiteTextBuilderInitial,
} from 'drizzle-orm/sqlite-core';
import type { AuditRow } from '../api/audit.ts';
import type { MemoryRow } from '../api/memory.ts';
import type { ReceiptRow } from '../api/receipts.ts';

type TextColumn = SQLiteTextBuilderInitial<string, [string, ...string[]], number | undefined>;

type ColumnOf<Value> = NonNullable<Value> extends number ? SQLiteIntegerBuilderInitial<string> : TextColumn;

/** A table with a column for each field of a row. */
type TableOf<
  Name extends string,
  Row extends object,
  Id extends keyof Row,
  Defaults extends keyof Row,
> = SQLiteTableWithColumns<{
  name: Name;
  schema: undefined;
  dialect: 'sqlite';
  columns: BuildColumns<
    Name,
    {
      [Field in keyof Row & string]: Field extends Id
        ? IsPrimaryKey<NotNull<TextColumn>>
        : null extends Row[Field]
          ? ColumnOf<Row[Field]>
          : Field extends Defaults
            ? HasDefault<NotNull<ColumnOf<Row[Field]>>>
            : NotNull<ColumnOf<Row[Field]>>;
    },
    'sqlite'
  >;
}>;

const NOW = sql`CURRENT_TIMESTAMP`;

/** Table `receipts`. */
export const receipts: TableOf<'receipts', ReceiptRow, 'receiptId', 'createdAt' | 'updatedAt'> = sqliteTable(
  'receipts',
  {
    receiptId: text('receipt_id').primaryKey(),
    executionId: text('execution_id').notNull().unique(),
    agentId: text('agent_id').notNull(),
    agentType: text('agent_type').notNull(),
    receiptJson: text('receipt_json').notNull(),
    status: text('status').notNull(),
    createdAt: text('created_at').notNull().default(NOW),
    updatedAt: text('updated_at').notNull().default(NOW),
    durationMs: integer('duration_ms'),
  },
);

/** Table `agent_memory`: one row per agent. */
export const agentMemory: TableOf<'agent_memory', MemoryRow, 'memoryId', 'lastUpdated' | 'version'> =
  sqliteTable('agent_memory', {
    memoryId: text('memory_id').primaryKey(),
    agentId: text('agent_id').notNull().unique(),
    agentType: text('agent_type').notNull(),
    memoryJson: text('memory_json').notNull(),
    lastUpdated: text('last_updated').notNull().default(NOW),
    version: integer('version').notNull().default(1),
  });

/** Table `audit_log`. */
export const auditLog: TableOf<'audit_log', AuditRow, 'auditId', 'timestamp'> = sqliteTable('audit_log', {
  auditId: text('audit_id').primaryKey(),
  timestamp: text('timestamp').notNull().default(NOW),
  agentId: text('agent_id').notNull(),
  operation: text('operation').notNull(),
  operationType: text('operation_type'),
  status: text('status').notNull(),
  durationMs: integer('duration_ms'),
  details: text('details'),
  errorMessage: text('error_message'),
});
