/**
 * Writes the change log, in the transaction of the rows:
 *
 * 1. Each row that this program saves has one entry, with the hash of its columns (`leafOf`).
 * 2. When a transaction begins, rows that another program inserted are found by their rowids, which are greater than that
 *    of the last row with an entry. Each gets an entry of its own before the transaction writes anything; very many or
 *    very large ones get one entry for all, without their hashes.
 * 3. What this program deletes has an entry with the cause, the count and the rowids; what it redacts, one with the numbers
 *    of the entries whose content is gone and the hashes of what is stored since.
 *
 * What other programs edit or delete has no entry, nor has a row that they insert under a rowid that was free below.
 * `check-history.ts` finds it.
 */
import type { Hold, TableName } from '../api/persistence.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { noChangeLog } from '../changes/change-stream.ts';
import {
  CHANGE_LOG,
  createChangeLog,
  readOrigin,
  reasonForNoLog,
  renewOrigin,
} from '../schema/change-log-table.ts';
import { toBase64 } from '../exports/json-values.ts';
import { schemaMismatch } from '../schema/schema-problem.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import { columnsOfTable, TABLES } from '../tables/index.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import { readInRowidOrder, type RowidBatch } from '../tables/keyset-pagination.ts';
import { redactedReceiptId } from '../tables/redaction.ts';
import { valuesOf, type AnyTable, type Column, type WriteContext, type WrittenRow } from '../tables/table.ts';
import { toTimestamp } from '../validation/timestamps.ts';
import { leafOf } from './canonical-form.ts';
import { encodeObject, parseObject } from './entry-body.ts';
import {
  fromMember,
  isRowid,
  NO_ROWID,
  readPosition,
  startPosition,
  toMember,
  toMembers,
  writePosition,
  type Position,
} from './position.ts';
import { HELD, REDACTED, RELEASED, type Deletion, type Redaction } from './removals.ts';
import { isMoreThan } from './row-sizes.ts';
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

/** Entries after which the position is stored again. Finding the last one means reading as many entries. */
const POSITION_ENTRIES = 500;

/** Rows of another program that get an entry each at the next write. */
const MAX_ADOPTED = { rows: 1000, sizeBytes: 16 * 1024 * 1024 };

/** Entries read at a time. */
const BATCH_ENTRIES = 500;

/** Greatest number of an entry. One that is greater, which only another program can insert, counts as not there. */
const MAX_SEQ = Number.MAX_SAFE_INTEGER;

/** The number after the last one, or after a given one where there is none. A savepoint may have taken back the last one. */
const NEXT_SEQ = `(SELECT coalesce(max(seq), ?) + 1 FROM ${CHANGE_LOG.name} WHERE seq BETWEEN 1 AND ${MAX_SEQ})`;

const INSERT_SQL = `INSERT INTO ${CHANGE_LOG.name} (seq, at, kind, row_id, row_rowid, leaf, body)
  VALUES (${NEXT_SEQ}, ?, ?, ?, coalesce(?, last_insert_rowid()), ?, ?)`;

const INSERT_SUMMARY_SQL = `INSERT INTO ${CHANGE_LOG.name} (seq, at, kind, row_id, leaf, body)
  VALUES (${NEXT_SEQ}, ?, ?, ?, ?, ?) RETURNING seq`;

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

  /**
   * Gives the database another id, under which its entries stay as they are. Only valid within a transaction.
   * @throws {PersistenceError} NO_CHANGE_LOG
   */
  renewOrigin(): string {
    if (this.#origin === undefined) throw noChangeLog('renewOrigin', reasonForNoLog(this.#connection));
    renewOrigin(this.#connection, this.#clock());
    this.#origin = readOrigin(this.#connection);
    return this.#origin ?? '';
  }

  /** Adds an entry for a row; undefined in a database without a change log. Only valid within a transaction. */
  get noteRow(): WriteContext['log'] {
    if (this.#origin === undefined) return undefined;
    const at = toTimestamp(this.#clock());
    return (row) => this.#noteRow(row, at);
  }

  /** Starts a transaction: finds out where the log ends, and adopts the rows of other programs. */
  begin(): void {
    finish(this.#findEnd());
    if (this.#origin === undefined) return;
    this.#adoptNew();
    if (this.#position.seq - this.#storedSeq >= POSITION_ENTRIES) this.#storePosition();
  }

  /** Ends a transaction that was committed, with everything that was noted in it. */
  committed(): void {
    this.#isCommitted = true;
  }

  /**
   * Notes rows that were deleted, after they are gone.
   * @param rowId - id of the row where it is one
   * @returns the number of the entry
   */
  noteDeletion({ rowids, ...deletion }: Deletion, rowId: SqlValue = null): number {
    const { table } = deletion;
    const last = this.#position.rowids;
    if (rowids !== undefined) last[table] = greatestRowid(this.#connection, table);
    const members = { ...deletion, last_rowid: toMember(last[table]) };
    return this.#appendSummary('rows.deleted', members, rangesAsJson(rowids), rowId);
  }

  /**
   * Notes content that was redacted, with the hashes of what is stored since.
   * @param rowId - id of the row where it is one
   * @returns the number of the entry
   */
  noteRedaction({ ids, entries, ...redaction }: Redaction, rowId: SqlValue = null): number {
    const pairs = entries.map(
      ([seq, leaf, redacted]) => `[${seq},"${toBase64(leaf)}","${toBase64(redacted)}"]`,
    );
    const members = [
      `"ids":${JSON.stringify(ids)}`,
      `"count":${pairs.length}`,
      `"entries":[${pairs.join()}]`,
    ];
    return this.#appendSummary(REDACTED, { ...redaction }, members, rowId);
  }

  /** Notes which rows came redacted from elsewhere, or were redacted while there was no log. */
  noteImportedRedactions(table: TableName, ids: readonly string[]): void {
    if (ids.length > 0) this.noteRedaction({ table, cause: 'import', ids, entries: [] });
  }

  /** Notes a hold, or its end. @param rowId - id of the row */
  noteHold(
    isHeld: boolean,
    { table, id, reason }: Pick<Hold, 'table' | 'id'> & Partial<Hold>,
    rowId: SqlValue = null,
  ): void {
    this.#appendSummary(isHeld ? HELD : RELEASED, { table, id, reason }, [], rowId);
  }

  /**
   * Creates the log, and an entry for every row.
   * @param deletions - rows that were there before, noted first
   * @yields the number of rows of each step
   */
  *enable(deletions: readonly Deletion[] = []): Generator<number> {
    createChangeLog(this.#connection, this.#clock());
    yield* this.#startAt(0, deletions);
  }

  /**
   * Removes every entry, notes what is gone, and creates an entry for each row. Numbers go on from the last one.
   * @yields the number of rows of each step
   */
  *restart(deletions: readonly Deletion[]): Generator<number> {
    this.#connection.run(`DELETE FROM ${CHANGE_LOG.name}`);
    renewOrigin(this.#connection, this.#clock());
    yield* this.#startAt(this.#position.seq, deletions);
  }

  /**
   * Takes over entries that came with the rows, from a backup or an image, under another id.
   * @param deletions - rows that were replaced, noted before rows without an entry are adopted
   * @param options.isRenumbered - true when the rows have other rowids than the entries say
   * @yields the number of rows of each step
   */
  *takeOver(
    deletions: readonly Deletion[],
    { isRenumbered = false }: { readonly isRenumbered?: boolean } = {},
  ): Generator<number> {
    const unordered = isRenumbered ? unorderedTables(this.#connection) : [];
    if (isRenumbered) this.#renumber();
    writePosition(this.#connection, startPosition(0), this.#clock());
    this.#isCommitted = false;
    yield* this.#findEnd();
    if (isRenumbered) this.#noteRenumbered(unordered);
    for (const deletion of deletions) this.noteDeletion(deletion);
    this.#adoptNew();
    renewOrigin(this.#connection, this.#clock());
    this.#origin = readOrigin(this.#connection);
    this.#storePosition();
  }

  *#startAt(seq: number, deletions: readonly Deletion[]): Generator<number> {
    this.#origin = readOrigin(this.#connection);
    this.#position = startPosition(seq);
    for (const deletion of deletions) this.noteDeletion(deletion);
    for (const table of TABLES) yield* this.#adopt(table, -Infinity, true);
    this.#storePosition();
  }

  /** Gives the entries the rowids of their rows, and none where the row is gone. */
  #renumber(): void {
    for (const { name, columns } of TABLES) {
      const kinds = Object.values(KINDS[name]);
      this.#connection.run(`UPDATE ${CHANGE_LOG.name} SET row_rowid = NULL WHERE kind IN (?, ?)`, kinds);
      // A join: SQLite makes an index for it where the table has none.
      this.#connection.run(
        `UPDATE ${CHANGE_LOG.name} SET row_rowid = ${name}.rowid FROM ${name}
          WHERE kind IN (?, ?) AND ${name}.${columns[0]?.column} = row_id`,
        kinds,
      );
    }
  }

  /**
   * Notes the greatest rowid of each table that has an entry, and how many entries have one: the rowids in entries of many
   * rows are of the old numbering.
   * @param unordered - tables whose rowids were in another order than their entries
   */
  #noteRenumbered(unordered: readonly TableName[]): void {
    const { rowids } = this.#position;
    const counts = TABLE_NAMES.map((table) => {
      const [greatest, count] =
        this.#connection.get(
          `SELECT max(row_rowid), count(row_rowid) FROM ${CHANGE_LOG.name} WHERE kind IN (?, ?)`,
          Object.values(KINDS[table]),
        ) ?? [];
      rowids[table] = isRowid(greatest) ? greatest : NO_ROWID;
      return `"${table}":${Number(count)}`;
    });
    const members = [`"entries":{${counts.join()}}`, `"unordered":${JSON.stringify(unordered)}`];
    this.#appendSummary(RENUMBERED, { from: 'json', ...toMembers(rowids) }, members);
  }

  /** Finds the last entry, and the greatest rowid of each table as of that. */
  *#findEnd(): Generator<number> {
    const origin = readOrigin(this.#connection);
    const isKnown = this.#isCommitted && origin === this.#origin;
    this.#isCommitted = false;
    this.#origin = origin;
    if (origin === undefined) return;
    const lastSeq = lastSeqOf(this.#connection);
    const { seq } = this.#position;
    // What others have added may be long; they have stored where it ends.
    if (!isKnown || lastSeq < seq || lastSeq - seq > POSITION_ENTRIES) this.#readPosition(lastSeq);
    if (lastSeq > this.#position.seq) yield* this.#readEntries(lastSeq);
  }

  /** Adopts the rows of other programs. */
  #adoptNew(): void {
    for (const table of TABLES) {
      const last = this.#position.rowids[table.name];
      const greatest = greatestRowid(this.#connection, table.name);
      if (greatest > last) this.#adoptAfter(table, last, greatest);
      this.#position.rowids[table.name] = greatest;
    }
  }

  /** Adopts each row by an entry, or very many or large ones by one, so that a save need not wait for them. */
  #adoptAfter(table: AnyTable, last: Rowid, greatest: Rowid): void {
    if (!isMoreThan(this.#connection, table, last, MAX_ADOPTED)) {
      finish(this.#adopt(table, last, false));
      return;
    }
    const [first = greatest] = (this.#connection.get(`SELECT min(rowid) FROM ${table.name} WHERE rowid > ?`, [
      last,
    ]) ?? []) as [Rowid?];
    const rowids = rangesAsJson([[first, greatest]]);
    this.#appendSummary('rows.adopted', { table: table.name, last_rowid: greatest }, rowids);
  }

  /** @param isBeginning - true when no log said of these rows which were redacted */
  *#adopt(table: AnyTable, after: Rowid, isBeginning: boolean): Generator<number> {
    let last: Rowid | undefined = after;
    while (last !== undefined) {
      const batch: RowidBatch<object> = readInRowidOrder(this.#connection, table, last);
      const at = toTimestamp(this.#clock());
      this.#connection.repeating(() => {
        for (const [index, row] of batch.rows.entries()) {
          const values = valuesOf(table, row);
          this.#append(table.name, KINDS[table.name].adopted, at, values, batch.rowids[index] ?? null, null);
        }
      });
      this.#position.rowids[table.name] = batch.lastRowid ?? last;
      last = batch.lastRowid;
      const redacted = isBeginning ? batch.rows.flatMap((row) => redactedReceiptId(table, row) ?? []) : [];
      this.noteImportedRedactions(table.name, redacted);
      yield batch.rows.length;
    }
  }

  #noteRow({ table, values, rowid = null, replaced, leaf }: WrittenRow, at: string): void {
    const body = replaced === undefined ? null : encodeObject(byColumn(columnsOfTable(table), replaced));
    this.#append(table, KINDS[table].written, at, values, rowid, body, leaf);
    // SQLite gives each new row the next rowid, and no other connection can insert one meanwhile.
    const { rowids } = this.#position;
    if (replaced === undefined) rowids[table] = next(rowids[table]);
  }

  /**
   * @param rowid - null for that of the last INSERT
   * @param leaf - hash of the values
   */
  #append(
    table: TableName,
    kind: string,
    at: string,
    values: readonly SqlValue[],
    rowid: SqlValue,
    body: string | null,
    leaf: Uint8Array = leafOf(table, values),
  ): void {
    const id = values[0];
    this.#assertNextSeq();
    const rowId = typeof id === 'string' ? id : null;
    this.#connection.run(INSERT_SQL, [0, at, kind, rowId, rowid, leaf, body]);
    this.#position.seq++;
  }

  /**
   * Appends an entry that has a body.
   * @param jsonMembers - further members of the body, as JSON
   * @returns its number
   */
  #appendSummary(
    kind: string,
    members: Readonly<Record<string, unknown>>,
    jsonMembers: readonly string[],
    rowId: SqlValue = null,
  ): number {
    const at = toTimestamp(this.#clock());
    const body = encodeObject(members, jsonMembers);
    const id = typeof rowId === 'string' ? rowId : null;
    const values = [this.#position.seq, at, kind, id, leafOf(kind, [at, body]), body];
    this.#assertNextSeq();
    const [seq] = this.#connection.get(INSERT_SUMMARY_SQL, values) ?? [];
    // The position is ahead of the log where a savepoint has taken back entries, and stays so: its rowids are as well.
    this.#position.seq++;
    return Number(seq);
  }

  #assertNextSeq(): void {
    if (this.#position.seq >= MAX_SEQ) {
      throw schemaMismatch({
        reason: `no number follows ${MAX_SEQ}, which another program gave to an entry of the change log`,
        wayOut: `Delete that entry (DELETE FROM ${CHANGE_LOG.name} WHERE seq = ${MAX_SEQ}).`,
      });
    }
  }

  /** Reads the last stored position, unless it tells of more entries than there are. */
  #readPosition(lastSeq: number): void {
    const stored = readPosition(this.#connection);
    this.#position = stored.seq > lastSeq ? startPosition(0) : stored;
    this.#storedSeq = this.#position.seq;
  }

  /** Follows the entries from the position to the end. */
  *#readEntries(lastSeq: number): Generator<number> {
    for (;;) {
      const entries = this.#connection.all(ENTRIES_SQL, [this.#position.seq, lastSeq, BATCH_ENTRIES]);
      for (const [seq, kind, rowid, body] of entries) {
        this.#position.seq = Number(seq);
        this.#follow(String(kind), rowid, body);
      }
      if (entries.length < BATCH_ENTRIES) return;
      yield 0;
    }
  }

  /** The last entry counts, not the one with the greatest rowid: other programs may have deleted rows, and freed rowids. */
  #follow(kind: string, rowid: SqlValue | undefined, body: SqlValue | undefined): void {
    const { rowids } = this.#position;
    const table = TABLE_OF_KIND.get(kind);
    if (table !== undefined) {
      if (isRowid(rowid)) rowids[table] = rowid;
      return;
    }
    if (typeof body !== 'string') return;
    const members = parseObject(body);
    if (kind === RENUMBERED) {
      for (const each of TABLE_NAMES) rowids[each] = fromMember(members[each]) ?? rowids[each];
      return;
    }
    const name = TABLE_NAMES.find((each) => each === members['table']);
    if (name !== undefined) rowids[name] = fromMember(members['last_rowid']) ?? rowids[name];
  }

  #storePosition(): void {
    writePosition(this.#connection, this.#position, this.#clock());
    this.#storedSeq = this.#position.seq;
  }
}

/** Greatest rowid. As long as a table has it, SQLite gives its new rows random ones. */
const GREATEST_ROWID = 2n ** 63n - 1n;

const GREATEST_ROWID_SQL = `SELECT kind, body FROM ${CHANGE_LOG.name} WHERE row_rowid = ${GREATEST_ROWID}
  OR (kind IN ('rows.deleted', 'rows.adopted') AND instr(body, '${GREATEST_ROWID}') > 0)`;

/** Lists the tables whose rowids may be in another order than their entries, because they have or had the greatest one. */
export function unorderedTables(connection: SqliteConnection): TableName[] {
  const named = new Set<unknown>();
  for (const [kind, body] of connection.all(GREATEST_ROWID_SQL)) {
    named.add(TABLE_OF_KIND.get(String(kind)) ?? parseObject(String(body))['table']);
  }
  return TABLE_NAMES.filter(
    (table) => named.has(table) || greatestRowid(connection, table) === GREATEST_ROWID,
  );
}

/** Reads the number of the last entry; 0 without any. */
export function lastSeqOf(connection: SqliteConnection): number {
  const [last] = connection.get(`SELECT max(seq) FROM ${CHANGE_LOG.name} WHERE seq <= ?`, [MAX_SEQ]) ?? [];
  return Math.max(Number(last ?? 0), 0);
}

/** An entry of a memory that was replaced has a body, and tells of no new row. */
const ENTRIES_SQL = `SELECT seq, kind, CASE WHEN body IS NULL THEN row_rowid END,
    CASE WHEN kind IN ('rows.deleted', 'rows.adopted', 'rows.restored') THEN body END
  FROM ${CHANGE_LOG.name} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`;

function greatestRowid(connection: SqliteConnection, table: TableName): Rowid {
  const [greatest] = connection.get(`SELECT max(rowid) FROM ${table}`) ?? [];
  return isRowid(greatest) ? greatest : NO_ROWID;
}

function rangesAsJson(rowids: readonly RowidRange[] | undefined): string[] {
  return rowids === undefined ? [] : [`"rowids":[${rowids.map((range) => `[${range.join()}]`).join()}]`];
}

/** Returns the rowid that SQLite gives after the last one. */
function next(rowid: Rowid): Rowid {
  if (rowid === NO_ROWID) return 1;
  return typeof rowid === 'bigint' ? rowid + 1n : rowid + 1;
}

function finish(steps: Generator<number>): void {
  while (steps.next().done !== true);
}

function byColumn(columns: readonly Column[], values: readonly SqlValue[]): Record<string, SqlValue> {
  return Object.fromEntries(columns.map(({ column }, index) => [column, values[index] ?? null]));
}
