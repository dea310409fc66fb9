/**
 * Writes the change log, in the transaction of the rows:
 *
 * 1. Each row that this program saves has one entry, with the hash of its columns (`leafOf`).
 * 2. When a transaction begins, rows that another program inserted are found by their rowids, which are greater than that
 *    of the last row with an entry. Each gets an entry of its own before the transaction writes anything.
 * 3. What this program deletes has an entry with the reason, the count and the rowids.
 *
 * So after each commit of this program every row up to the greatest rowid of its table has an entry. What other programs
 * edit or delete is found by `verify` only.
 */
import type { TableName } from '../api/persistence.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { encodeJsonValue, parseJsonRow } from '../exports/json-values.ts';
import { CHANGE_LOG, createChangeLog, readOrigin, renewOrigin } from '../schema/change-log-table.ts';
import { readMetadata, writeMetadata } from '../schema/metadata.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import { columnsOfTable, TABLE_NAMES, TABLES } from '../tables/index.ts';
import { readInRowidOrder, type RowidBatch } from '../tables/keyset-pagination.ts';
import { valuesOf, type AnyTable, type Column, type WriteContext, type WrittenRow } from '../tables/table.ts';
import { toTimestamp } from '../validation/timestamps.ts';
import { leafOf } from './canonical-form.ts';
import type { RowidRange } from './rowid-ranges.ts';

/** What an entry says of a row. */
const KINDS: Readonly<Record<TableName, { readonly written: string; readonly adopted: string }>> = {
  receipts: { written: 'receipt.saved', adopted: 'receipt.adopted' },
  agent_memory: { written: 'memory.saved', adopted: 'memory.adopted' },
  audit_log: { written: 'audit.logged', adopted: 'audit.adopted' },
};

/** Table that each kind of entry tells of. */
export const TABLE_OF_KIND: ReadonlyMap<string, TableName> = new Map(
  Object.entries(KINDS).flatMap(([table, kinds]) =>
    Object.values(kinds).map((kind) => [kind, table as TableName] as const),
  ),
);

/** Kind of the entry after which the rowids in entries before it, of deleted rows, count no more. */
export const RENUMBERED = 'rows.restored';

/** Why rows were deleted. */
export type DeletionReason = 'cleanup' | 'reset' | 'restore';

/** Rows that were deleted, for the log. */
export interface Deletion {
  readonly table: TableName;
  readonly reason: DeletionReason;
  readonly count: number;
  /** First and last rowid of each run of deleted rows. */
  readonly rowids: readonly RowidRange[];
  /** Rows older than this time were deleted. */
  readonly before?: string;
  /** Id of the database whose rows a reset or a restore replaced. */
  readonly origin?: string | undefined;
}

/** Greatest rowid of each table that has an entry, as of a number of the log. */
interface Position {
  seq: number;
  readonly rowids: Record<TableName, Rowid>;
}

/** Key in `_schema_metadata` of a {@link Position} that the search for the last one starts from. */
const POSITION_KEY = 'change_log_position';

/** Entries after which the position is stored again. Finding the last one means reading as many entries. */
const POSITION_ENTRIES = 500;

/** Rows of another program that get an entry each at the next write. */
const MAX_ADOPTED_ROWS = 1000;

const BATCH_ROWS = 500;

const INSERT_SQL = `INSERT INTO ${CHANGE_LOG.name} (at, kind, row_id, row_rowid, leaf, body)
  VALUES (?, ?, ?, coalesce(?, last_insert_rowid()), ?, ?)`;

const INSERT_ADOPTION_SQL = `INSERT INTO ${CHANGE_LOG.name} (at, kind, leaf, body) VALUES (?, 'rows.adopted', ?, ?)`;

/** The number follows the last one even when the entries before were removed. */
const INSERT_DELETION_SQL = `INSERT INTO ${CHANGE_LOG.name} (seq, at, kind, leaf, body)
  VALUES ((SELECT coalesce(max(seq), ?) + 1 FROM ${CHANGE_LOG.name}), ?, 'rows.deleted', ?, ?)`;

/** The change log of an open database. */
export class ChangeLog {
  readonly #connection: SqliteConnection;
  readonly #clock: () => Date;
  /** Undefined in a database without a change log. */
  #origin: string | undefined;
  #position: Position = startPosition(0);
  /** Number up to which the search for the position is spared, as `_schema_metadata` has it. */
  #storedSeq = 0;
  /** True when the position is that of a committed transaction; one that was rolled back has none. */
  #isCommitted = false;

  constructor(connection: SqliteConnection, clock: () => Date) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Id of the database; undefined without a change log. Only valid within a transaction. */
  get origin(): string | undefined {
    return this.#origin;
  }

  /** Adds an entry for a row; undefined in a database without a change log. Only valid within a transaction. */
  get noteRow(): WriteContext['log'] {
    if (this.#origin === undefined) return undefined;
    const at = toTimestamp(this.#clock());
    return (row) => this.#noteRow(row, at);
  }

  /** Starts a transaction: finds out where the log ends, and adopts the rows of other programs. */
  begin(): void {
    const origin = readOrigin(this.#connection);
    const isKnown = this.#isCommitted && origin === this.#origin;
    this.#isCommitted = false;
    this.#origin = origin;
    if (origin === undefined) return;
    const lastSeq = Number(this.#connection.get(`SELECT max(seq) FROM ${CHANGE_LOG.name}`)?.[0] ?? 0);
    if (!isKnown || lastSeq < this.#position.seq) this.#readPosition(lastSeq);
    if (lastSeq > this.#position.seq) this.#readEntries();
    for (const table of TABLES) {
      const last = this.#position.rowids[table.name];
      const greatest = greatestRowid(this.#connection, table.name);
      if (greatest > last) this.#adoptNew(table, last, greatest);
      this.#position.rowids[table.name] = greatest;
    }
    if (this.#position.seq - this.#storedSeq >= POSITION_ENTRIES) this.#storePosition();
  }

  /** Ends a transaction that was committed, with everything that was noted in it. */
  committed(): void {
    this.#isCommitted = true;
  }

  /** Notes rows that were deleted, after they are gone. */
  noteDeletion({ rowids, ...deletion }: Deletion): void {
    const { table } = deletion;
    const { seq, rowids: last } = this.#position;
    last[table] = greatestRowid(this.#connection, table);
    const at = toTimestamp(this.#clock());
    const body = encodeObject({ ...deletion, last_rowid: last[table] }, [
      `"rowids":[${rowids.map((range) => `[${range.join()}]`).join()}]`,
    ]);
    this.#connection.run(INSERT_DELETION_SQL, [seq, at, leafOf('rows.deleted', [at, body]), body]);
    this.#position.seq++;
  }

  /**
   * Creates the log, and an entry for every row.
   * @yields the number of rows of each step
   */
  *enable(): Generator<number> {
    createChangeLog(this.#connection, this.#clock());
    this.#origin = readOrigin(this.#connection);
    this.#position = startPosition(0);
    yield* this.#adoptEverything();
  }

  /**
   * Removes every entry, notes what is gone, and creates an entry for each row. Numbers go on from the last one.
   * @yields the number of rows of each step
   */
  *restart(deletions: readonly Deletion[]): Generator<number> {
    const { seq } = this.#position;
    this.#connection.run(`DELETE FROM ${CHANGE_LOG.name}`);
    renewOrigin(this.#connection, this.#clock());
    this.#origin = readOrigin(this.#connection);
    this.#position = startPosition(seq);
    for (const deletion of deletions) this.noteDeletion(deletion);
    yield* this.#adoptEverything();
  }

  /**
   * Takes over entries that came with the rows, from a backup or an image, under another id.
   * @param isRenumbered - true when the rows have other rowids than the entries say
   */
  takeOver({ isRenumbered = false }: { readonly isRenumbered?: boolean } = {}): void {
    if (isRenumbered) this.#renumber();
    writePosition(this.#connection, startPosition(0), this.#clock());
    this.#isCommitted = false;
    this.begin();
    renewOrigin(this.#connection, this.#clock());
    this.#origin = readOrigin(this.#connection);
  }

  /** Gives the entries the rowids of their rows, none where the row is gone, and notes that earlier rowids count no more. */
  #renumber(): void {
    for (const { name, columns } of TABLES) {
      this.#connection.run(
        `UPDATE ${CHANGE_LOG.name} SET row_rowid = (SELECT rowid FROM ${name} WHERE ${columns[0]?.column} = row_id)
          WHERE kind IN (?, ?)`,
        Object.values(KINDS[name]),
      );
    }
    const at = toTimestamp(this.#clock());
    const body = encodeObject({ from: 'json' });
    this.#connection.run(`INSERT INTO ${CHANGE_LOG.name} (at, kind, leaf, body) VALUES (?, ?, ?, ?)`, [
      at,
      RENUMBERED,
      leafOf(RENUMBERED, [at, body]),
      body,
    ]);
  }

  *#adoptEverything(): Generator<number> {
    for (const table of TABLES) yield* this.#adopt(table, -Infinity);
    this.#storePosition();
  }

  /** Adopts the rows of another program: each by an entry, or very many by one, so that a save need not wait for them. */
  #adoptNew(table: AnyTable, last: Rowid, greatest: Rowid): void {
    const isMany = this.#connection.get(
      `SELECT 1 FROM ${table.name} WHERE rowid > ? LIMIT 1 OFFSET ${MAX_ADOPTED_ROWS}`,
      [last],
    );
    if (!isMany) {
      finish(this.#adopt(table, last));
      return;
    }
    const [first = greatest] = (this.#connection.get(`SELECT min(rowid) FROM ${table.name} WHERE rowid > ?`, [
      last,
    ]) ?? []) as [Rowid?];
    const at = toTimestamp(this.#clock());
    const body = encodeObject({ table: table.name, last_rowid: greatest }, [
      `"rowids":[[${first},${greatest}]]`,
    ]);
    this.#connection.run(INSERT_ADOPTION_SQL, [at, leafOf('rows.adopted', [at, body]), body]);
    this.#position.seq++;
  }

  *#adopt(table: AnyTable, after: Rowid): Generator<number> {
    let last: Rowid | undefined = after;
    while (last !== undefined) {
      const batch: RowidBatch<object> = readInRowidOrder(this.#connection, table, last, BATCH_ROWS);
      const at = toTimestamp(this.#clock());
      for (const [index, row] of batch.rows.entries()) {
        const values = valuesOf(table, row);
        this.#append(table.name, KINDS[table.name].adopted, at, values, batch.rowids[index] ?? null, null);
      }
      this.#position.rowids[table.name] = batch.lastRowid ?? last;
      last = batch.lastRowid;
      yield batch.rows.length;
    }
  }

  #noteRow({ table, values, rowid = null, replaced }: WrittenRow, at: string): void {
    const body = replaced === undefined ? null : encodeObject(byColumn(columnsOfTable(table), replaced));
    this.#append(table, KINDS[table].written, at, values, rowid, body);
    // SQLite gives each new row the next rowid, and no other connection can insert one meanwhile.
    const { rowids } = this.#position;
    if (replaced === undefined) rowids[table] = next(rowids[table]);
  }

  /** @param rowid - null for that of the last INSERT */
  #append(
    table: TableName,
    kind: string,
    at: string,
    values: readonly SqlValue[],
    rowid: SqlValue,
    body: string | null,
  ): void {
    const [id] = values;
    this.#connection.run(INSERT_SQL, [
      at,
      kind,
      typeof id === 'string' ? id : null,
      rowid,
      leafOf(table, values),
      body,
    ]);
    this.#position.seq++;
  }

  /** Reads the last stored position, unless it tells of more entries than there are. */
  #readPosition(lastSeq: number): void {
    const stored = readStoredPosition(this.#connection);
    this.#position = stored.seq > lastSeq ? startPosition(0) : stored;
    this.#storedSeq = this.#position.seq;
  }

  /** Follows the entries from the position to the end. */
  #readEntries(): void {
    for (;;) {
      const entries = this.#connection.all(ENTRIES_SQL, [this.#position.seq, BATCH_ROWS]);
      for (const [seq, kind, rowid, body] of entries) {
        this.#position.seq = Number(seq);
        this.#follow(String(kind), rowid, body);
      }
      if (entries.length < BATCH_ROWS) return;
    }
  }

  #follow(kind: string, rowid: SqlValue | undefined, body: SqlValue | undefined): void {
    const { rowids } = this.#position;
    const table = TABLE_OF_KIND.get(kind);
    if (table !== undefined) {
      if (isRowid(rowid) && rowid > rowids[table]) rowids[table] = rowid;
      return;
    }
    if (typeof body !== 'string') return;
    const deletion = parseObject(body);
    const name = TABLE_NAMES.find((each) => each === deletion['table']);
    if (name !== undefined && isRowid(deletion['last_rowid'])) rowids[name] = deletion['last_rowid'];
  }

  #storePosition(): void {
    writePosition(this.#connection, this.#position, this.#clock());
    this.#storedSeq = this.#position.seq;
  }
}

/** Describes every row of every table, before a reset or a restore removes them. */
export function everyRow(
  connection: SqliteConnection,
  reason: DeletionReason,
  origin: string | undefined,
): Deletion[] {
  return TABLE_NAMES.map((table) => {
    const [count, first, last] =
      connection.get(`SELECT count(*), min(rowid), max(rowid) FROM ${table}`) ?? [];
    const rowids: RowidRange[] = isRowid(first) && isRowid(last) ? [[first, last]] : [];
    return { table, reason, count: Number(count), rowids, origin };
  });
}

const ENTRIES_SQL = `SELECT seq, kind, row_rowid, CASE WHEN kind IN ('rows.deleted', 'rows.adopted') THEN body END
  FROM ${CHANGE_LOG.name} WHERE seq > ? ORDER BY seq LIMIT ?`;

function startPosition(seq: number): Position {
  return { seq, rowids: { receipts: 0, agent_memory: 0, audit_log: 0 } };
}

function readStoredPosition(connection: SqliteConnection): Position {
  const { seq, ...stored } = parseObject(readMetadata(connection, POSITION_KEY) ?? '{}');
  const position = startPosition(typeof seq === 'number' ? seq : 0);
  for (const table of TABLE_NAMES) {
    const rowid = stored[table];
    if (isRowid(rowid)) position.rowids[table] = rowid;
  }
  return position;
}

function writePosition(connection: SqliteConnection, { seq, rowids }: Position, now: Date): void {
  writeMetadata(connection, POSITION_KEY, encodeObject({ seq, ...rowids }), now);
}

function greatestRowid(connection: SqliteConnection, table: TableName): Rowid {
  const [greatest] = connection.get(`SELECT max(rowid) FROM ${table}`) ?? [];
  return isRowid(greatest) ? greatest : 0;
}

function next(rowid: Rowid): Rowid {
  return typeof rowid === 'bigint' ? rowid + 1n : rowid + 1;
}

function isRowid(value: unknown): value is Rowid {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

function finish(steps: Generator<number>): void {
  while (steps.next().done !== true);
}

function byColumn(columns: readonly Column[], values: readonly SqlValue[]): Record<string, SqlValue> {
  return Object.fromEntries(columns.map(({ column }, index) => [column, values[index] ?? null]));
}

/** Writes an object as JSON, exactly. @param members - further members, as JSON */
function encodeObject(object: Readonly<Record<string, unknown>>, members: readonly string[] = []): string {
  const own = Object.entries(object).flatMap(([key, value]) =>
    value === undefined ? [] : [`${JSON.stringify(key)}:${encodeJsonValue(value)}`],
  );
  return `{${[...own, ...members].join()}}`;
}

/** Reads what {@link encodeObject} wrote; an empty object for any other text. */
function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return (parseJsonRow(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
