/**
 * Compares every row with the change log, and the change log with itself. The entries are read from the last one back, so
 * that the first entry met of a row is the one that it must agree with:
 *
 * 1. A row whose hash is not that of its latest entry was edited. One that is not there was deleted by another program,
 *    unless an entry of a deletion names its rowid.
 * 2. An earlier version of memory is in the entry that replaced it, and must have the hash of its own entry.
 * 3. A row without an entry was inserted under a rowid that was free, unless its rowid is greater than the last one in
 *    the log: then the next write adopts it.
 * 4. Content that was redacted has the hash that the entry of its redaction has of it, and is nothing but a hash.
 * 5. Rowids ascend with the entries, numbers of entries have no gaps, and entries of many rows have a hash of their own.
 *
 * Memory: little more than two bits for each row.
 */
import type { HistoryReport, TableName } from '../api/persistence.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { CHANGE_LOG } from '../schema/change-log-table.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import { columnsOfTable, TABLES } from '../tables/index.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import { keepBytes, TextBytes } from '../tables/stored-bytes.ts';
import { selectList, type AnyTable } from '../tables/table.ts';
import { isSameHash, leafOf, RawLeaves } from './canonical-form.ts';
import { lastSeqOf, RENUMBERED, TABLE_OF_KIND, unorderedTables } from './change-log.ts';
import { encodeObject, parseObject } from './entry-body.ts';
import { isRedacted, RemovalCheck, type RedactionOfEntry } from './check-removals.ts';
import { fromMember, isRowid, NO_ROWID, readPosition } from './position.ts';
import { visitLoggedRows, type LoggedRow } from './logged-rows.ts';
import { ProblemTail, type HistoryProblem } from './problem-tail.ts';
import { HELD, REDACTED, RELEASED } from './removals.ts';
import type { RowidRange } from './rowid-ranges.ts';
import { rowidsOf, RowidSet, sizeOf } from './rowid-set.ts';

/** Rows of one step. */
const BATCH_ROWS = 500;

/** Most rows that one entry of a deletion can name. A cleanup deletes 2,000 at a time. */
const MAX_DELETED_ROWS = 100_000;

/** The entry that replaced a version of a memory. */
const NEXT_VERSION_SQL = `SELECT seq, body FROM ${CHANGE_LOG.name}
  WHERE kind = 'memory.saved' AND row_id = ? AND seq > ? ORDER BY seq LIMIT 1`;

const BODY_SQL = `SELECT body FROM ${CHANGE_LOG.name} WHERE seq = ?`;

/** What the entries after the current one say of a table. */
interface TableState {
  readonly table: AnyTable;
  readonly rowSql: string;
  /** Rowids of the rows that must be in the table, and are. */
  readonly matched: RowidSet;
  /** Rowids that a later entry deleted. */
  readonly deleted: RowidSet;
  /** Rowids that a later entry gave to a row. */
  taken: RowidSet;
  /** {@link TableState.taken} after the rows were numbered anew. */
  takenSince: RowidSet | undefined;
  /** Rowids of many rows that have one entry, of the current numbering. */
  readonly adopted: RowidRange[];
  /** True when rows without a hash were among those that were numbered anew. */
  hadAdopted: boolean;
  /** Greatest rowid with an entry when the rows were numbered anew. */
  renumberedTo: Rowid;
  /** The rowid after which the next write looks for rows of other programs. */
  last: Rowid | undefined;
  /** Rowid of the row inserted next, and its entry. */
  next: { readonly rowid: Rowid; readonly seq: number } | undefined;
  /** False where rowids are random. */
  ascends: boolean;
  /** The deletion of rows of this table that comes next after the current entry. */
  deletionSeq: number | undefined;
  /** The entry that numbered the rows anew last, and the number of entries before it that have a rowid. */
  renumbering: { readonly seq: number; readonly entries: number } | undefined;
  /** Those that were found. */
  renumberedEntries: number;
}

/** Compares rows and change log. The caller keeps the database in one state meanwhile. */
export class HistoryCheck {
  readonly #connection: SqliteConnection;
  readonly #tables: ReadonlyMap<TableName, TableState>;
  readonly #ofEntries: Map<TableName | null, ProblemTail> = new Map();
  readonly #ofRows: Map<TableName, HistoryProblem[]> = new Map();
  readonly #listed: number;
  readonly #leaves: RawLeaves = new RawLeaves();
  /** True for the entries before the rows were last numbered anew. */
  #isRenumbered = false;
  #isComplete = true;
  #entries = 0;
  readonly #removals: RemovalCheck = new RemovalCheck();
  #rowsDeleted = 0;
  #rowsWithoutHash = 0;
  #rowsNotLogged = 0;
  /** Number of problems found so far. */
  problemCount = 0;

  /** @param listed - problems listed of each table, and of the log */
  constructor(connection: SqliteConnection, listed: number) {
    this.#connection = connection;
    this.#listed = listed;
    const unordered = unorderedTables(connection);
    this.#tables = new Map(
      TABLES.map((table) => [table.name, newState(table, !unordered.includes(table.name))]),
    );
  }

  /** Counts what was compared so far. */
  get report(): HistoryReport {
    let rowsVerified = 0;
    for (const { matched } of this.#tables.values()) rowsVerified += matched.size;
    return {
      entries: this.#entries,
      rowsVerified,
      rowsDeleted: this.#rowsDeleted,
      entriesRedacted: this.#removals.entriesRedacted,
      rowsWithoutHash: this.#rowsWithoutHash,
      rowsNotLogged: this.#rowsNotLogged,
    };
  }

  /** The first problems of the log and of each table. */
  get problems(): readonly HistoryProblem[] {
    const ofLog = this.#ofEntries.get(null)?.first ?? [];
    const ofTables = TABLE_NAMES.map((table) => {
      const ofEntries = this.#ofEntries.get(table)?.first ?? [];
      return ofEntries.concat(this.#ofRows.get(table) ?? []);
    });
    return ofLog.concat(...ofTables);
  }

  /** Compares everything. @yields the number of entries or rows that are done */
  *run(): Generator<number> {
    const lastSeq = lastSeqOf(this.#connection);
    const { seq: written } = readPosition(this.#connection);
    if (written > lastSeq) {
      this.#logProblem(
        `the change log ends with entry ${lastSeq}, but ${written} were written: it is cut off`,
      );
    }
    yield* this.#compareEntries(lastSeq);
    for (const state of this.#tables.values()) yield* this.#findRowsWithoutEntry(state);
  }

  *#compareEntries(lastSeq: number): Generator<number> {
    let next = lastSeq + 1;
    let hasNewStart = false;
    for (let isMore = true; isMore;) {
      isMore = visitLoggedRows(this.#connection, next - 1, this.#leaves, (entry) => {
        if (entry.seq < next - 1) this.#missing(entry.seq + 1, next - 1);
        next = entry.seq;
        hasNewStart = isNewStart(entry);
        this.#entries++;
        this.#compare(entry);
      });
      yield this.#entries;
    }
    if (this.#isComplete) {
      this.#compareCounts();
      for (const problem of this.#removals.problems(this.#connection)) this.#logProblem(problem);
    }
    // A reset and a restore remove the entries before them, and say so.
    if (next > 1 && !hasNewStart) this.#missing(1, next - 1);
  }

  /** Compares how many entries have a rowid with what was noted when the rows were numbered anew. */
  #compareCounts(): void {
    for (const { table, renumbering, renumberedEntries: found } of this.#tables.values()) {
      if (renumbering === undefined || renumbering.entries === found) continue;
      this.#logProblem(
        `entry ${renumbering.seq} of the change log counts ${renumbering.entries} entries of ${table.name} with a rowid before it, but there are ${found}: others have lost the rowid of their row`,
      );
    }
  }

  #missing(from: number, to: number): void {
    this.#isComplete = false;
    const entries = from === to ? `entry ${from} is` : `entries ${from} to ${to} are`;
    this.#logProblem(`${entries} missing in the change log`);
  }

  #compare(entry: LoggedRow): void {
    const table = TABLE_OF_KIND.get(entry.kind);
    const state = table && this.#tables.get(table);
    if (state) this.#compareRow(state, entry);
    else if (entry.kind.startsWith('rows.')) this.#followSummary(entry);
    else this.#logProblem(`entry ${entry.seq} of the change log is of no known kind (${shown(entry.kind)})`);
  }

  #compareRow(state: TableState, entry: LoggedRow): void {
    const { seq, rowid, hasBody } = entry;
    const redaction = this.#removals.takeRedaction(seq, state.table.name);
    if (hasBody && !this.#isBodyOfRow(state, entry)) {
      this.#logProblem(
        `entry ${seq} of the change log (${shown(entry.kind)}) was edited: its body is not that of a replaced row`,
      );
    }
    if (!isRowid(rowid)) {
      // What was gone when rows were numbered anew has no rowid any more.
      if (!this.#isRenumbered)
        this.#logProblem(`entry ${seq} of the change log has lost the rowid of its row`);
      return;
    }
    if (this.#isRenumbered) state.renumberedEntries++;
    const isInsert = !hasBody;
    if (isInsert) state.last ??= rowid;
    const isTaken = state.taken.has(rowid);
    if (isTaken || state.takenSince?.has(rowid) === true) {
      if (!isTaken) state.taken.add(rowid);
      if (state.table.name === 'agent_memory') this.#compareVersion(state, entry, rowid, redaction);
      // A row that was deleted and saved again has one rowid for both of its entries since they were numbered anew.
      else if (!isTaken || !this.#isRenumbered) this.#deleted(state, entry, rowid);
      return;
    }
    state.taken.add(rowid);
    if (!state.deleted.has(rowid)) this.#compareCurrent(state, entry, rowid, isInsert, redaction);
  }

  /** True for the body of a save that replaced a memory: the row, under the names of its columns, and nothing else. */
  #isBodyOfRow({ table }: TableState, { seq, kind }: LoggedRow): boolean {
    if (kind !== 'memory.saved') return false;
    const [body] = this.#connection.get(BODY_SQL, [seq]) ?? [];
    if (typeof body !== 'string') return false;
    const members = parseObject(body);
    const columns = columnsOfTable(table.name).map(({ column }) => column);
    // Written anew it is the same text: a member that is there twice is not.
    return body === encodeObject(Object.fromEntries(columns.map((name) => [name, members[name] ?? null])));
  }

  /** Compares a row with its latest entry. */
  #compareCurrent(
    state: TableState,
    entry: LoggedRow,
    rowid: Rowid,
    isInsert: boolean,
    redaction: RedactionOfEntry | undefined,
  ): void {
    const { table } = state;
    if (!entry.isStored(table)) {
      this.#deleted(state, entry, rowid);
      return;
    }
    state.matched.add(rowid);
    const isSame = redaction === undefined && entry.isUnchanged(table);
    if (!isSame && !this.#isUnchangedInValues(state, entry, rowid, redaction)) return;
    if (!isInsert) return;
    const { next } = state;
    if (next !== undefined && state.ascends && rowid > next.rowid) {
      const message = `entry ${entry.seq} of the change log is out of order: the row of entry ${next.seq} was stored before ${shown(entry.rowId)}`;
      this.#entryProblem(state, rowid, message);
    }
    state.next = { rowid, seq: entry.seq };
  }

  /** Compares the values of a row whose bytes do not have the hash of its entry, and says how they differ. */
  #isUnchangedInValues(
    state: TableState,
    entry: LoggedRow,
    rowid: Rowid,
    redaction: RedactionOfEntry | undefined,
  ): boolean {
    const { table } = state;
    const row = this.#connection.get(state.rowSql, [rowid]) ?? [];
    const columns = table.columns.map(({ column }) => column);
    keepBytes(this.#connection, table.name, columns, row, 1, TextBytes);
    const values = row.slice(1);
    const id = typeof values[0] === 'string' ? values[0] : null;
    const { seq, rowId } = entry;
    if (id !== rowId) {
      const message = `the row of entry ${seq} of the change log (${shown(rowId)}) was deleted or renamed: ${shown(id)} is in its place`;
      this.#entryProblem(state, rowid, message);
      return false;
    }
    const difference = differenceOf(table, values, entry, redaction);
    if (difference === undefined) return true;
    this.#entryProblem(state, rowid, `${shown(id)} was edited: it ${difference} of the change log`);
    return false;
  }

  /** Compares an earlier version of a memory with its entry: the save that replaced it has kept it. */
  #compareVersion(
    state: TableState,
    entry: LoggedRow,
    rowid: Rowid,
    redaction: RedactionOfEntry | undefined,
  ): void {
    const { seq, rowId } = entry;
    if (rowId === null) return;
    const [nextSeq, body] = this.#connection.get(NEXT_VERSION_SQL, [rowId, seq]) ?? [];
    if (typeof body !== 'string') {
      // A memory that was deleted and saved again has one rowid for all of its entries since they were numbered anew.
      const isExplained = this.#isRenumbered && (state.deletionSeq ?? Infinity) < Number(nextSeq);
      if (!isExplained) this.#deleted(state, entry, rowid);
      return;
    }
    const kept = parseObject(body) as Readonly<Record<string, SqlValue>>;
    const values = columnsOfTable(state.table.name).map(({ column }) => kept[column] ?? null);
    const difference = differenceOf(state.table, values, entry, redaction);
    if (difference === undefined) return;
    const message = `the version of ${shown(rowId)} that entry ${Number(nextSeq)} of the change log replaced was edited: it ${difference}`;
    this.#entryProblem(state, rowid, message);
  }

  #followSummary(entry: LoggedRow): void {
    const { seq, at, kind, body, leaf } = entry;
    if (typeof body !== 'string' || !isSameHash(leaf, leafOf(kind, [at, body]))) {
      this.#logProblem(
        `entry ${seq} of the change log (${shown(kind)}) was edited: it does not have its hash`,
      );
    }
    const members = parseObject(typeof body === 'string' ? body : '{}');
    if (kind === RENUMBERED) {
      this.#followRenumbering(seq, members);
      return;
    }
    if (kind === HELD || kind === RELEASED) {
      this.#removals.followHold(seq, kind === HELD, members);
      return;
    }
    if (kind === REDACTED) {
      if (!this.#removals.followRedaction(seq, members)) this.#miscounted(entry);
      return;
    }
    const state = [...this.#tables.values()].find(({ table }) => table.name === members['table']);
    if (state === undefined) return;
    const ranges = rangesIn(members['rowids']);
    state.last ??= fromMember(members['last_rowid']);
    if (kind === 'rows.adopted') {
      if (this.#isRenumbered) state.hadAdopted = true;
      else state.adopted.push(...ranges);
      return;
    }
    // A reset removes every entry before it. The rowids of a restore are of rows that other entries tell of.
    if (members['cause'] === 'reset' || members['cause'] === 'restore') return;
    this.#rowsDeleted += Number(members['count']);
    state.deletionSeq = seq;
    if (this.#isRenumbered) return;
    const size = ranges.reduce((sum, range) => sum + sizeOf(range), 0);
    if (size > MAX_DELETED_ROWS || size !== members['count']) {
      this.#miscounted(entry);
      return;
    }
    for (const range of ranges) {
      for (const rowid of rowidsOf(range)) {
        state.deleted.add(rowid);
        state.taken.delete(rowid);
      }
    }
  }

  #miscounted({ seq, kind }: LoggedRow): void {
    this.#logProblem(`entry ${seq} of the change log (${shown(kind)}) counts other rows than it names`);
  }

  #followRenumbering(seq: number, members: Readonly<Record<string, unknown>>): void {
    const { unordered, entries } = members;
    const counts = (entries ?? {}) as Readonly<Record<string, unknown>>;
    for (const state of this.#tables.values()) {
      const greatest = fromMember(members[state.table.name]);
      state.last ??= greatest;
      if (Array.isArray(unordered) && unordered.includes(state.table.name)) state.ascends = false;
      if (this.#isRenumbered) continue;
      state.renumbering = { seq, entries: Number(counts[state.table.name]) };
      state.takenSince = state.taken;
      state.taken = new RowidSet();
      state.renumberedTo = greatest ?? NO_ROWID;
    }
    this.#isRenumbered = true;
  }

  #deleted(state: TableState, { seq, rowId }: LoggedRow, rowid: Rowid): void {
    const message = `the row of entry ${seq} of the change log (${shown(rowId)}) was deleted by another program`;
    this.#entryProblem(state, rowid, message);
  }

  #logProblem(message: string): void {
    this.#add(null, { row: null, message });
  }

  #entryProblem({ table: { name } }: TableState, rowid: Rowid, message: string): void {
    this.#add(name, { row: `${name} ${rowid}`, message });
  }

  #add(table: TableName | null, problem: HistoryProblem): void {
    this.problemCount++;
    const tail = this.#ofEntries.get(table) ?? new ProblemTail(this.#listed);
    this.#ofEntries.set(table, tail);
    tail.add(problem);
  }

  #rowProblem(table: TableName, problem: HistoryProblem): void {
    this.problemCount++;
    const list = this.#ofRows.get(table) ?? [];
    if (list.length < this.#listed) this.#ofRows.set(table, [...list, problem]);
  }

  *#findRowsWithoutEntry(state: TableState): Generator<number> {
    const { name, columns } = state.table;
    const [count] = this.#connection.get(`SELECT count(*) FROM ${name}`) ?? [];
    if (Number(count) === state.matched.size) return;
    const id = columns[0]?.column;
    const sql = `SELECT rowid FROM ${name} WHERE rowid > ? ORDER BY rowid LIMIT ${BATCH_ROWS}`;
    const adopted = state.adopted.toSorted(([one], [other]) => (one < other ? -1 : 1));
    let last: Rowid = -Infinity;
    for (let done = 0; ;) {
      const rows = this.#connection.all(sql, [last]) as [Rowid][];
      for (const [rowid] of rows) {
        last = rowid;
        if (state.matched.has(rowid)) continue;
        while (adopted[0] && adopted[0][1] < rowid) adopted.shift();
        const isAdopted = adopted[0] !== undefined && adopted[0][0] <= rowid;
        const wasAdopted = state.hadAdopted && rowid <= state.renumberedTo;
        if (isAdopted || wasAdopted) this.#rowsWithoutHash++;
        else if (rowid > (state.last ?? NO_ROWID)) this.#rowsNotLogged++;
        else {
          const [value = null] =
            this.#connection.get(`SELECT ${id} FROM ${name} WHERE rowid = ?`, [rowid]) ?? [];
          const message = `${shown(value)} was inserted by another program among rows that were there: it has no entry in the change log`;
          this.#rowProblem(name, { row: `${name} ${rowid}`, message });
        }
      }
      done += rows.length;
      yield done;
      if (rows.length < BATCH_ROWS) return;
    }
  }
}

function newState(table: AnyTable, ascends: boolean): TableState {
  return {
    table,
    rowSql: `SELECT rowid, ${selectList(table)} FROM ${table.name} WHERE rowid = ?`,
    matched: new RowidSet(),
    deleted: new RowidSet(),
    taken: new RowidSet(),
    takenSince: undefined,
    adopted: [],
    hadAdopted: false,
    renumberedTo: NO_ROWID,
    last: undefined,
    next: undefined,
    ascends,
    deletionSeq: undefined,
    renumbering: undefined,
    renumberedEntries: 0,
  };
}

/** Says how values differ from those that an entry has the hash of; undefined where they do not. */
function differenceOf(
  table: AnyTable,
  values: readonly SqlValue[],
  { seq, leaf }: LoggedRow,
  redaction: RedactionOfEntry | undefined,
): string | undefined {
  const isSame = isSameHash(redaction?.redactedLeaf ?? leaf, leafOf(table.name, values));
  if (redaction === undefined) {
    if (isSame) return undefined;
    const looks = isRedacted(table, values) ? 'looks redacted, but no entry says that it was, and ' : '';
    return `${looks}does not have the hash of entry ${seq}`;
  }
  if (!isSameHash(leaf, redaction.leaf)) return `does not have the hash of entry ${seq}`;
  if (isSame && isRedacted(table, values)) return undefined;
  return `is not what entry ${redaction.by} left of entry ${seq}`;
}

/** True for an entry before which a reset or a restore removed every other. */
function isNewStart({ kind, body }: LoggedRow): boolean {
  if (kind !== 'rows.deleted' || typeof body !== 'string') return false;
  const { cause } = parseObject(body);
  return cause === 'reset' || cause === 'restore';
}

function rangesIn(value: unknown): RowidRange[] {
  if (!Array.isArray(value)) return [];
  return value.filter((range: unknown): range is RowidRange => {
    if (!Array.isArray(range)) return false;
    const [first, last, ...others] = range as unknown[];
    return isRowid(first) && isRowid(last) && first <= last && others.length === 0;
  });
}

/** Shows an id, shortened: another program may have stored anything. */
function shown(id: SqlValue): string {
  const text = id instanceof Uint8Array ? `${id.length} bytes` : JSON.stringify(String(id));
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
