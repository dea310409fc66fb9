/** The entries of one record, and the redaction of what the database holds of it: its row, and earlier versions of a memory. */
import type { TableName } from '../api/persistence.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import { CHANGE_LOG } from '../schema/change-log-table.ts';
import { columnsOfTable } from '../tables/index.ts';
import type { FoundRecord, RecordKey } from '../tables/record-lookup.ts';
import { parseRedacted, redactedForm } from '../tables/redaction.ts';
import { isSameHash, leafOf } from './canonical-form.ts';
import { TABLE_OF_KIND } from './change-log.ts';
import { encodeObject, parseObject } from './entry-body.ts';
import type { RedactedEntry } from './removals.ts';

/** Versions that one transaction redacts at most, and the size of their bodies after which it ends. */
const BATCH_VERSIONS = 500;
const BATCH_CHARACTERS = 8 * 1024 * 1024;

/** An entry of a record. */
export interface RecordEntry {
  readonly seq: number;
  readonly leaf: SqlValue;
  /** True for the entry of a save that replaced a memory, and holds what it replaced. */
  readonly holdsVersion: boolean;
}

/** Lists the entries of a record, in order. It reads the whole log: no index leads to the entries of a row. */
export function entriesOf(
  connection: SqliteConnection,
  { table }: RecordKey,
  { rowid, values: [id = null] }: FoundRecord,
): RecordEntry[] {
  const kinds = [...TABLE_OF_KIND].flatMap(([kind, name]) => (name === table.name ? [kind] : []));
  // An entry has no id where that of the row is no text.
  const [condition, value] =
    typeof id === 'string' ? ['row_id = ?', id] : ['row_id IS NULL AND row_rowid = ?', rowid];
  return connection
    .all(
      `SELECT seq, leaf, body IS NOT NULL FROM ${CHANGE_LOG.name} WHERE ${condition} AND kind IN (?, ?) ORDER BY seq`,
      [value, ...kinds],
    )
    .map(([seq, leaf = null, hasBody]) => ({ seq: Number(seq), leaf, holdsVersion: hasBody === 1 }));
}

/**
 * Replaces the content of a record by its hash. The caller holds a transaction.
 * @param entry - the record's last entry, if it has any
 * @returns how many values were replaced, and what the log is to say of the entry
 */
export function redactRow(
  connection: SqliteConnection,
  { table }: RecordKey,
  { rowid, values }: FoundRecord,
  entry: RecordEntry | undefined,
): { readonly valuesRedacted: number; readonly entries: readonly RedactedEntry[] } {
  const redacted = withoutContent(
    table.columns.map(({ column }) => column),
    table.contentColumns,
    values,
  );
  const changed = table.columns.flatMap(({ column }, index) => {
    const value = redacted[index] ?? null;
    return value === values[index] ? [] : [{ column, value }];
  });
  if (changed.length === 0) return { valuesRedacted: 0, entries: [] };
  connection.run(
    `UPDATE OR ABORT ${table.name} SET ${changed.map(({ column }) => `${column} = ?`).join()} WHERE rowid = ?`,
    [...changed.map(({ value }) => value), rowid],
  );
  return { valuesRedacted: changed.length, entries: redactionOf(table.name, entry, values, redacted) };
}

/** Versions of a memory that one transaction redacted. */
export interface RedactedVersions {
  readonly versions: number;
  readonly entries: readonly RedactedEntry[];
  /** Number of the entry to go on after; undefined when none is left. */
  readonly nextAfter: number | undefined;
}

/**
 * Replaces the content of earlier versions of a memory by its hash, in the entries that hold them. The caller holds a
 * transaction.
 * @param entries - every entry of the memory
 * @param after - number of the entry to begin after
 * @param kept - numbers of the entries whose versions stay as they are
 */
export function redactVersions(
  connection: SqliteConnection,
  { table, id }: RecordKey,
  entries: readonly RecordEntry[],
  after: number,
  kept: ReadonlySet<number> = new Set(),
): RedactedVersions {
  const columns = columnsOfTable(table.name).map(({ column }) => column);
  const redacted: RedactedEntry[] = [];
  let versions = 0;
  let characters = 0;
  let last = after;
  for (const [index, { seq, holdsVersion }] of entries.entries()) {
    if (!holdsVersion || seq <= after || kept.has(seq)) continue;
    if (versions >= BATCH_VERSIONS || characters >= BATCH_CHARACTERS)
      return { versions, entries: redacted, nextAfter: last };
    last = seq;
    const [body] = connection.get(`SELECT body FROM ${CHANGE_LOG.name} WHERE seq = ?`, [seq]) ?? [];
    if (typeof body !== 'string') continue;
    characters += body.length;
    const members = parseObject(body) as Readonly<Record<string, SqlValue>>;
    const values = columns.map((column) => members[column] ?? null);
    const without = withoutContent(columns, table.contentColumns, values);
    if (members['agent_id'] !== id || without.every((value, each) => value === values[each])) continue;
    const object = Object.fromEntries(columns.map((column, each) => [column, without[each] ?? null]));
    connection.run(`UPDATE ${CHANGE_LOG.name} SET body = ? WHERE seq = ?`, [encodeObject(object), seq]);
    versions++;
    redacted.push(...redactionOf(table.name, entries[index - 1], values, without));
  }
  return { versions, entries: redacted, nextAfter: undefined };
}

/** Says what was redacted of an entry; nothing where the values did not have its hash, so that `verify` goes on to say so. */
function redactionOf(
  table: TableName,
  entry: RecordEntry | undefined,
  values: readonly SqlValue[],
  redacted: readonly SqlValue[],
): RedactedEntry[] {
  const leaf = leafOf(table, values);
  if (entry === undefined || !isSameHash(entry.leaf, leaf)) return [];
  return [[entry.seq, leaf, leafOf(table, redacted)]];
}

function withoutContent(
  columns: readonly string[],
  contentColumns: readonly string[],
  values: readonly SqlValue[],
): SqlValue[] {
  return values.map((value, index) => {
    const isContent = contentColumns.includes(columns[index] ?? '') && value !== null;
    return isContent && parseRedacted(value) === undefined ? redactedForm(value) : value;
  });
}
