/**
 * The entries of the change log from the last one back, and with each the row that it tells of, in one statement. A
 * statement of its own for each row would cost several times what the hash of the row does.
 */
import { Datatype, type RawRow } from '@ggen-sim/sqljs-vfs';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { CHANGE_LOG } from '../schema/change-log-table.ts';
import { TABLES } from '../tables/index.ts';
import type { AnyTable } from '../tables/table.ts';
import { isSameBytes, type RawLeaves } from './canonical-form.ts';
import { TABLE_OF_KIND } from './change-log.ts';

/** Entries of one batch. */
const BATCH_ENTRIES = 500;

/** Columns of an entry in the SELECT, by their numbers. */
const Column = { seq: 0, at: 1, kind: 2, rowId: 3, rowid: 4, leaf: 5, hasBody: 6, body: 7 } as const;

/** Columns of the rows in the SELECT: the rowid of a row stands before its own. */
const ROWID_COLUMNS: ReadonlyMap<AnyTable, number> = new Map(
  TABLES.map((table, index) => [
    table,
    TABLES.slice(0, index).reduce((sum, { columns }) => sum + 1 + columns.length, Column.body + 1),
  ]),
);

/** Joins each table by the rowids of its own entries. NULL finds no row, and costs nothing. */
const ENTRIES_SQL = `SELECT seq, at, kind, row_id, row_rowid, leaf, body IS NOT NULL,
    CASE WHEN substr(kind, 1, 5) = 'rows.' THEN body END, ${TABLES.map(columnsOf).join()}
  FROM ${CHANGE_LOG.name} AS entry ${TABLES.map(joinOf).join(' ')}
  WHERE seq BETWEEN 1 AND ? ORDER BY seq DESC LIMIT ${BATCH_ENTRIES}`;

function columnsOf({ name, columns }: AnyTable): string {
  return ['rowid', ...columns.map(({ column }) => column)].map((column) => `${name}.${column}`).join();
}

function joinOf({ name }: AnyTable): string {
  const kinds = [...TABLE_OF_KIND].flatMap(([kind, table]) => (table === name ? [`'${kind}'`] : []));
  return `LEFT JOIN ${name} ON ${name}.rowid = CASE WHEN entry.kind IN (${kinds.join()}) THEN entry.row_rowid END`;
}

/** An entry, and the row that is stored under its rowid. It is valid while it is visited. */
export class LoggedRow {
  readonly #row: RawRow;
  readonly #leaves: RawLeaves;
  readonly seq: number;
  readonly kind: string;
  readonly rowid: SqlValue;
  readonly hasBody: boolean;

  constructor(row: RawRow, leaves: RawLeaves) {
    this.#row = row;
    this.#leaves = leaves;
    this.seq = row.number(Column.seq);
    this.kind = row.text(Column.kind);
    this.rowid = valueOf(row, Column.rowid);
    this.hasBody = row.number(Column.hasBody) === 1;
  }

  get at(): SqlValue {
    return valueOf(this.#row, Column.at);
  }

  get rowId(): SqlValue {
    return valueOf(this.#row, Column.rowId);
  }

  get leaf(): SqlValue {
    return valueOf(this.#row, Column.leaf);
  }

  /** The body of an entry that is of no row. */
  get body(): SqlValue {
    return valueOf(this.#row, Column.body);
  }

  /** True where the table has a row under the rowid. */
  isStored(table: AnyTable): boolean {
    return this.#row.type(rowidColumn(table)) !== Datatype.NULL;
  }

  /**
   * True for a row that has the id and the hash of the entry. Where it is false, the texts of a database in UTF-16 may
   * still be those that the entry has the hash of.
   */
  isUnchanged(table: AnyTable): boolean {
    const row = this.#row;
    const first = rowidColumn(table) + 1;
    if (row.type(first) !== Datatype.TEXT || row.type(Column.rowId) !== Datatype.TEXT) return false;
    if (row.type(Column.leaf) !== Datatype.BLOB) return false;
    if (!row.hasSameBytes(Column.rowId, first)) return false;
    const computed = this.#leaves.leafOf(table.name, row, first, table.columns.length);
    return isSameBytes(row.bytes(Column.leaf), computed);
  }
}

/**
 * Visits one batch of entries, from a number back.
 * @returns false when no more follow
 */
export function visitLoggedRows(
  connection: SqliteConnection,
  lastSeq: number,
  leaves: RawLeaves,
  visit: (entry: LoggedRow) => void,
): boolean {
  let entries = 0;
  connection.durable.eachRow(ENTRIES_SQL, [lastSeq], (row) => {
    entries++;
    visit(new LoggedRow(row, leaves));
  });
  return entries === BATCH_ENTRIES;
}

function rowidColumn(table: AnyTable): number {
  return ROWID_COLUMNS.get(table) ?? 0;
}

function valueOf(row: RawRow, column: number): SqlValue {
  switch (row.type(column)) {
    case Datatype.INTEGER:
      return row.integer(column);
    case Datatype.FLOAT:
      return row.number(column);
    case Datatype.TEXT:
      return row.text(column);
    case Datatype.BLOB:
      return row.bytes(column).slice();
    default:
      return null;
  }
}
