/** Deletions and redactions that somebody asked for in another database. */
import type { IncomingChange } from '../api/persistence.ts';
import { isRedacted } from '../change-log/check-removals.ts';
import { parseObject } from '../change-log/entry-body.ts';
import { entriesOf, redactRow, redactVersions, type RecordEntry } from '../change-log/record-entries.ts';
import type { RedactedEntry } from '../change-log/removals.ts';
import type { SqlValue } from '../engine/sqlite-connection.ts';
import { bytesInHex } from '../hashing/hex.ts';
import { overwriting } from '../maintenance/remove-record.ts';
import { CHANGE_LOG } from '../schema/change-log-table.ts';
import { isHeld } from '../schema/holds.ts';
import type { Rowid } from '../tables/foreign-times.ts';
import { columnsOfTable, tableNamed } from '../tables/index.ts';
import { findRecord, recordColumn, type FoundRecord, type RecordKey } from '../tables/record-lookup.ts';
import { applyVersion, compareVersions, isInHistory } from './incoming-memory.ts';
import {
  applyRow,
  insertIncoming,
  leafInHex,
  type IncomingContext,
  type IncomingOutcome,
} from './incoming-row.ts';

/** Removes what a change names, as far as it is here. */
export function applyRemoval(context: IncomingContext, change: IncomingChange): IncomingOutcome {
  const { table: name, id, kind } = change;
  const record: RecordKey = { table: tableNamed(name), column: recordColumn(name), id };
  const found = findRecord(context.connection, record);
  if (found !== undefined && isHeld(context.connection, name, id)) {
    return { table: name, id, reason: 'the record is held here, so it was not removed' };
  }
  const removed =
    found !== undefined &&
    overwriting(context.connection, () =>
      kind === 'deleted'
        ? deleteHere(context, change, record, found)
        : redactHere(context, change, record, found),
    );
  const outcome = kind === 'redacted' && change.row !== null ? applyLeft(context, change, record) : 'present';
  return removed && outcome === 'present' ? 'removed' : outcome;
}

/** Stores what a redaction left of a row that never came here: it was redacted before it was sent. */
function applyLeft(context: IncomingContext, change: IncomingChange, record: RecordKey): IncomingOutcome {
  if (record.table.name !== 'agent_memory') {
    return findRecord(context.connection, record) === undefined ? applyRow(context, change) : 'present';
  }
  const memoryId = String(change.row?.['memoryId']);
  const wasHere = change.leaves.some((leaf) => isInHistory(context.connection, memoryId, leaf));
  return wasHere ? 'present' : applyVersion(context, change);
}

function isNamed({ leaves }: IncomingChange, { table }: RecordKey, values: readonly SqlValue[]): boolean {
  return leaves.includes(leafInHex(table, values));
}

function deleteHere(
  context: IncomingContext,
  change: IncomingChange,
  record: RecordKey,
  found: FoundRecord,
): boolean {
  const { connection, changeLog } = context;
  const { table, id } = record;
  const isMemory = table.name === 'agent_memory';
  const isRedactedRow = isRedacted(table, found.values);
  const entries = isMemory || isRedactedRow ? entriesOf(connection, record, found) : [];
  // Of a row that was redacted meanwhile, the entry still has the hash that the deletion may name.
  const before = isRedactedRow ? entries.at(-1)?.leaf : undefined;
  const wasNamed = before instanceof Uint8Array && change.leaves.includes(bytesInHex(before));
  const isMeant = wasNamed || isNamed(change, record, found.values);
  if (!isMeant && !isMemory) return false;
  const surviving = isMeant ? latestSurvivor(context, change, record, entries) : undefined;
  const versions = redactEarlier(context, change, record, found, entries, []);
  if (!isMeant) return versions > 0;
  connection.run(`DELETE FROM ${table.name} WHERE rowid = ?`, [found.rowid]);
  const rowids = [[found.rowid as Rowid, found.rowid as Rowid]] as const;
  const deletion = {
    table: table.name,
    cause: 'sync',
    reason: reasonOf(change),
    id,
    count: 1,
    rowids,
  } as const;
  changeLog.noteDeletion(deletion, found.values[0]);
  if (surviving !== undefined) {
    insertIncoming(context, { table, values: surviving, leaf: leafInHex(table, surviving) });
  }
  return true;
}

function redactHere(
  context: IncomingContext,
  change: IncomingChange,
  record: RecordKey,
  found: FoundRecord,
): boolean {
  const isMemory = record.table.name === 'agent_memory';
  const isMeant = isNamed(change, record, found.values);
  if (!isMeant && !isMemory) return false;
  const entries = entriesOf(context.connection, record, found);
  const row = isMeant
    ? redactRow(context.connection, record, found, entries.at(-1))
    : { valuesRedacted: 0, entries: [] };
  return redactEarlier(context, change, record, found, entries, row.entries) + row.valuesRedacted > 0;
}

/**
 * Redacts the earlier versions of a memory, where they are to be redacted and not deleted those that the change names, and notes
 * what was redacted.
 * @returns the number of versions
 */
function redactEarlier(
  { connection, changeLog }: IncomingContext,
  change: IncomingChange,
  record: RecordKey,
  { values }: FoundRecord,
  entries: readonly RecordEntry[],
  redactedRow: readonly RedactedEntry[],
): number {
  const redacted: RedactedEntry[] = [];
  const kept = change.kind === 'redacted' ? unnamedVersions(change, entries) : undefined;
  let versions = 0;
  for (let after: number | undefined = 0; after !== undefined;) {
    const batch = redactVersions(connection, record, entries, after, kept);
    redacted.push(...batch.entries);
    versions += batch.versions;
    after = batch.nextAfter;
  }
  redacted.push(...redactedRow);
  if (versions > 0 || redactedRow.length > 0) {
    const { table, id } = record;
    changeLog.noteRedaction(
      { table: table.name, cause: 'sync', reason: reasonOf(change), ids: [id], entries: redacted },
      values[0],
    );
  }
  return versions;
}

/**
 * Finds the versions that a redaction does not name: they were saved where it was not known.
 * @returns the numbers of the entries that hold them
 */
function unnamedVersions({ leaves }: IncomingChange, entries: readonly RecordEntry[]): Set<number> {
  const named = new Set(leaves);
  const unnamed = entries.filter(({ holdsVersion }, index) => {
    // What an entry holds is what the one before it has saved.
    const leaf = entries[index - 1]?.leaf;
    return holdsVersion && !(leaf instanceof Uint8Array && named.has(bytesInHex(leaf)));
  });
  return new Set(unnamed.map(({ seq }) => seq));
}

/** Finds the greatest earlier version that a deletion does not name: it was saved where the deletion was not known. */
function latestSurvivor(
  { connection }: IncomingContext,
  change: IncomingChange,
  record: RecordKey,
  entries: readonly RecordEntry[],
): readonly SqlValue[] | undefined {
  const columns = columnsOfTable(record.table.name).map(({ column }) => column);
  let latest: readonly SqlValue[] | undefined;
  for (const { seq, holdsVersion } of entries) {
    if (!holdsVersion) continue;
    const [body] = connection.get(`SELECT body FROM ${CHANGE_LOG.name} WHERE seq = ?`, [seq]) ?? [];
    const members = parseObject(String(body)) as Readonly<Record<string, SqlValue>>;
    const values = columns.map((column) => members[column] ?? null);
    const isOther = members['agent_id'] !== record.id;
    if (isOther || isRedacted(record.table, values) || isNamed(change, record, values)) continue;
    if (latest === undefined || compareVersions(values, latest) > 0) latest = values;
  }
  return latest;
}

function reasonOf({ reason }: IncomingChange): string {
  return reason ?? 'removed in another database';
}
