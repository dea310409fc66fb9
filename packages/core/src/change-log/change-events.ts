/** Reads entries of the change log as events. */
import type { ChangeData, ChangeEvent, TableName } from '../api/persistence.ts';
import {
  changeLogReset,
  eventId,
  noChangeLog,
  positionOf,
  type ChangesBatch,
  type ChangesRequest,
} from '../changes/change-stream.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { bytesInHex } from '../hashing/hex.ts';
import { CHANGE_LOG, readOrigin, reasonForNoLog } from '../schema/change-log-table.ts';
import { toBase64 } from '../exports/json-values.ts';
import { keepBytes, TextBytes } from '../tables/stored-bytes.ts';
import { TABLES } from '../tables/index.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import { selectList, toRow, type AnyTable } from '../tables/table.ts';
import { momentOf } from '../validation/timestamps.ts';
import { isSameHash, leafOf } from './canonical-form.ts';
import { lastSeqOf, TABLE_OF_KIND } from './change-log.ts';
import { parseObject } from './entry-body.ts';
import { REDACTED } from './removals.ts';

/** Size of the rows and the bodies after which a batch ends, in characters. A single one may be larger. */
const BATCH_CHARACTERS = 1_048_576;

/** Bodies are read one by one, because they may be large: those of memories are not read here at all. */
const ENTRIES_SQL = `SELECT seq, at, kind, row_id, leaf FROM ${CHANGE_LOG.name}
  WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`;
const LEAF_SQL = `SELECT substr(leaf, 1, 4) FROM ${CHANGE_LOG.name} WHERE seq = ?`;
const BODY_SQL = `SELECT body FROM ${CHANGE_LOG.name} WHERE seq = ?`;

/** The body of a memory's next entry is the version that this entry saved. */
const REPLACED_SQL = `SELECT body FROM ${CHANGE_LOG.name}
  WHERE kind = 'memory.saved' AND row_id = ? AND body IS NOT NULL AND seq > ? ORDER BY seq LIMIT 1`;

/**
 * Reads the next entries. The caller holds a read transaction.
 * @throws {PersistenceError} NO_CHANGE_LOG, CHANGE_LOG_RESET
 */
export function readChanges(connection: SqliteConnection, request: ChangesRequest): ChangesBatch {
  const origin = readOrigin(connection);
  if (origin === undefined) throw noChangeLog('changes', reasonForNoLog(connection));
  const lastSeq = lastSeqOf(connection);
  const { until = lastSeq, limit, rows } = request;
  const after = startOf(connection, request.after, origin, lastSeq);
  const entries = connection.all(ENTRIES_SQL, [after, Math.min(until, lastSeq), limit]);
  const events: ChangeEvent[] = [];
  let characters = 0;
  for (const entry of entries) {
    const read = readEntry(connection, origin, entry, rows);
    events.push(read.event);
    characters += read.characters;
    if (characters >= BATCH_CHARACTERS) break;
  }
  const last = events.at(-1)?.id ?? eventId({ origin, seq: after, leaf: leafAt(connection, after) });
  const isLast = entries.length < limit && events.length === entries.length;
  return { events, after: last, isLast, lastSeq };
}

/** Returns the number of the entry to read after. */
function startOf(
  connection: SqliteConnection,
  after: string | number,
  origin: string,
  lastSeq: number,
): number {
  if (after === 'latest') return lastSeq;
  const position = typeof after === 'string' ? positionOf(after) : undefined;
  const seq = position === undefined ? (after as number) : position.seq;
  if (position !== undefined && position.origin !== origin) {
    throw changeLogReset(`The change log is that of ${origin}, not of ${position.origin}`);
  }
  if (seq > lastSeq) throw changeLogReset(`The change log ends at ${lastSeq}, before ${seq}`);
  if (position !== undefined && position.leaf !== leafAt(connection, seq)) {
    throw changeLogReset(`Entry ${seq} of the change log is another one than the reader has read`);
  }
  return seq;
}

/** Reads how the hash of an entry begins, for the id of its event. */
function leafAt(connection: SqliteConnection, seq: number): string {
  const [leaf = null] = connection.get(LEAF_SQL, [seq]) ?? [];
  return beginningOf(leaf instanceof Uint8Array ? bytesInHex(leaf) : '');
}

/** Returns the first 8 digits of a hash; zeros for those that are not there. */
function beginningOf(leaf: string): string {
  return leaf.slice(0, 8).padEnd(8, '0');
}

function readEntry(
  connection: SqliteConnection,
  origin: string,
  [number, at, storedKind, id, storedLeaf]: readonly SqlValue[],
  withRow: boolean,
): { readonly event: ChangeEvent; readonly characters: number } {
  const seq = Number(number);
  const kind = String(storedKind);
  const rowId = typeof id === 'string' ? id : null;
  const leaf = storedLeaf instanceof Uint8Array ? bytesInHex(storedLeaf) : '';
  const tableOfRow = TABLE_OF_KIND.get(kind);
  const body = tableOfRow === undefined ? bodyOf(connection.get(BODY_SQL, [seq])) : '';
  const details = tableOfRow === undefined ? parseObject(body) : null;
  const moment = momentOf(at);
  let data: ChangeData = {
    seq,
    kind,
    table: tableOfRow ?? tableIn(details),
    rowId,
    leaf,
    details,
  };
  let characters = body.length;
  if (withRow) {
    const table = data.table ?? undefined;
    const values =
      table === undefined || rowId === null
        ? undefined
        : tableOfRow === undefined
          ? findRedacted(connection, kind, table, rowId, details)
          : findRow(connection, table, rowId, seq, storedLeaf ?? null);
    data = { ...data, row: values === undefined ? null : toRow(tableNamed(table), plainBytes(values)) };
    if (kind === 'memory.saved') data = { ...data, parent: parentOf(connection, seq) };
    for (const value of values ?? []) {
      characters += typeof value === 'string' || value instanceof Uint8Array ? value.length : 0;
    }
  }
  const event: ChangeEvent = {
    specversion: '1.0',
    id: eventId({ origin, seq, leaf: beginningOf(leaf) }),
    source: `urn:uuid:${origin}`,
    type: `dev.ggen-sim.${kind}.v1`,
    ...(rowId !== null && { subject: rowId }),
    ...(moment !== null && { time: new Date(moment).toISOString() }),
    datacontenttype: 'application/json',
    data,
  };
  return { event, characters };
}

/** Finds the values of a row as of an entry; undefined where what is stored has another hash. */
function findRow(
  connection: SqliteConnection,
  name: TableName,
  rowId: string,
  seq: number,
  leaf: SqlValue,
): readonly SqlValue[] | undefined {
  const table = tableNamed(name);
  const candidates = [
    () => (name === 'agent_memory' ? replacedAfter(connection, table, rowId, seq) : undefined),
    () => storedValues(connection, table, rowId),
  ];
  for (const candidate of candidates) {
    const values = candidate();
    if (values && isSameHash(leaf, leafOf(name, values))) return values;
  }
  return undefined;
}

/** Finds the values that the redaction of one record left; undefined where the row is another one since. */
function findRedacted(
  connection: SqliteConnection,
  kind: string,
  name: TableName,
  rowId: string,
  details: Readonly<Record<string, unknown>> | null,
): readonly SqlValue[] | undefined {
  if (kind !== REDACTED) return undefined;
  const values = storedValues(connection, tableNamed(name), rowId);
  const leaf = values && toBase64(leafOf(name, values));
  const pairs = Array.isArray(details?.['entries']) ? (details['entries'] as unknown[]) : [];
  return pairs.some((pair) => Array.isArray(pair) && pair[2] === leaf) ? values : undefined;
}

/** Returns the hash of the version that a saved memory replaced. */
function parentOf(connection: SqliteConnection, seq: number): string | null {
  const row = connection.get(BODY_SQL, [seq]);
  if (typeof row?.[0] !== 'string') return null;
  const values = parseObject(row[0]);
  const { columns } = tableNamed('agent_memory');
  return bytesInHex(
    leafOf(
      'agent_memory',
      columns.map(({ column }) => (values[column] ?? null) as SqlValue),
    ),
  );
}

/** Reads the version of a memory that the next entry replaced. */
function replacedAfter(
  connection: SqliteConnection,
  { columns }: AnyTable,
  rowId: string,
  seq: number,
): readonly SqlValue[] | undefined {
  const row = connection.get(REPLACED_SQL, [rowId, seq]);
  if (row === undefined) return undefined;
  const values = parseObject(bodyOf(row));
  return columns.map(({ column }) => (values[column] ?? null) as SqlValue);
}

function storedValues(
  connection: SqliteConnection,
  table: AnyTable,
  rowId: string,
): readonly SqlValue[] | undefined {
  const names = table.columns.map(({ column }) => column);
  const row = connection.get(`SELECT rowid, ${selectList(table)} FROM ${table.name} WHERE ${names[0]} = ?`, [
    rowId,
  ]);
  if (row === undefined) return undefined;
  keepBytes(connection, table.name, names, row, 1, TextBytes);
  return row.slice(1);
}

/** Rows of the API have the same class of bytes for a BLOB and for a text that is not UTF-8. */
function plainBytes(values: readonly SqlValue[]): readonly SqlValue[] {
  return values.map((value) => (value instanceof TextBytes ? new Uint8Array(value) : value));
}

function tableNamed(name: TableName | undefined): AnyTable {
  const table = TABLES.find((each) => each.name === name);
  if (!table) throw new RangeError(`no table ${name}`);
  return table;
}

function tableIn(details: Readonly<Record<string, unknown>> | null): TableName | null {
  return TABLE_NAMES.find((name) => name === details?.['table']) ?? null;
}

function bodyOf(row: readonly SqlValue[] | undefined): string {
  return typeof row?.[0] === 'string' ? row[0] : '{}';
}
