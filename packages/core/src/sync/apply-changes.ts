/** Stores what other databases changed, and how far that goes, in one transaction. */
import type { IncomingBatch, IncomingChange, IncomingReport, TableName } from '../api/persistence.ts';
import type { ChangeLog } from '../change-log/change-log.ts';
import { parseObject } from '../change-log/entry-body.ts';
import { changeLogReset, noChangeLog } from '../changes/change-stream.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import type { OperationQueue } from '../queue/operation-queue.ts';
import { CHANGE_LOG, reasonForNoLog } from '../schema/change-log-table.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import {
  checkChoice,
  checkFields,
  checkList,
  checkText,
  checkWholeNumber,
  invalid,
} from '../validation/arguments.ts';
import { toTimestamp } from '../validation/timestamps.ts';
import { applyVersion } from './incoming-memory.ts';
import { applyRemoval } from './incoming-removal.ts';
import { applyRow, type IncomingContext, type IncomingOutcome } from './incoming-row.ts';
import { readSyncState, writeSyncState } from './sync-state.ts';

const OPERATION = 'applyChanges';

/** Entries that the others have to know before anything of theirs is compared with them. */
const UNKNOWN_SQL = `SELECT kind, CASE WHEN kind IN ('rows.deleted', 'rows.redacted') THEN body END FROM ${CHANGE_LOG.name}
  WHERE seq > ? AND kind IN ('rows.deleted', 'rows.redacted', 'memory.saved', 'memory.adopted')`;

/** See `Persistence.applyChanges`. */
export async function applyChanges(
  connection: SqliteConnection,
  queue: OperationQueue,
  changeLog: ChangeLog,
  clock: () => Date,
  given: IncomingBatch,
): Promise<IncomingReport> {
  const batch = checkBatch(given);
  const tables = [...new Set<TableName>(batch.changes.map(({ table }) => table))];
  // A conflict is logged in the audit trail.
  if (tables.includes('agent_memory')) tables.push('audit_log');
  return queue.enqueueWrite(OPERATION, [...new Set(tables)], () => {
    assertOrigin(connection, changeLog, batch.origin);
    if (!isExpected(connection, batch) || !isComparable(connection, batch)) return reportOf([], false);
    const context = { connection, now: toTimestamp(clock()), log: changeLog.noteRow, changeLog };
    const outcomes = batch.changes.map((change) => applyChange(context, change));
    writeSyncState(connection, batch.state, clock());
    return reportOf(outcomes, true);
  });
}

function applyChange(context: IncomingContext, change: IncomingChange): IncomingOutcome {
  if (change.kind !== 'saved') return applyRemoval(context, change);
  return change.table === 'agent_memory' ? applyVersion(context, change) : applyRow(context, change);
}

function reportOf(outcomes: readonly IncomingOutcome[], applied: boolean): IncomingReport {
  const count = (...wanted: IncomingOutcome[]): number =>
    outcomes.filter((outcome) => wanted.includes(outcome)).length;
  return {
    applied,
    stored: count('stored', 'conflict'),
    present: count('present'),
    conflicts: count('conflict'),
    removed: count('removed'),
    refused: outcomes.filter((outcome) => typeof outcome === 'object'),
  };
}

/** @throws {PersistenceError} NO_CHANGE_LOG, CHANGE_LOG_RESET */
function assertOrigin(connection: SqliteConnection, changeLog: ChangeLog, expected: string): void {
  const { origin } = changeLog;
  if (origin === undefined) throw noChangeLog(OPERATION, reasonForNoLog(connection));
  if (origin !== expected) throw changeLogReset(`The change log is that of ${origin}, not of ${expected}`);
}

/** True when the state is still the one that the caller has read. */
function isExpected(connection: SqliteConnection, { expectedState }: IncomingBatch): boolean {
  return expectedState === undefined || readSyncState(connection).state === expectedState;
}

/**
 * True when nothing was removed here that the others do not know: they would go on to send it. A removal of a memory also
 * needs to be compared with versions that the others know.
 */
function isComparable(connection: SqliteConnection, { changes, pushedSeq }: IncomingBatch): boolean {
  if (changes.length === 0) return true;
  const removesMemory = changes.some(({ kind, table }) => kind !== 'saved' && table === 'agent_memory');
  return connection.all(UNKNOWN_SQL, [pushedSeq]).every(([, body]) => {
    if (body === null) return !removesMemory;
    return parseObject(String(body))['cause'] !== 'request';
  });
}

/** @throws {PersistenceError} INVALID_ARGUMENT */
function checkBatch(given: IncomingBatch): IncomingBatch {
  const { origin, pushedSeq, changes, state, expectedState } = checkFields(
    { operation: OPERATION, name: 'batch' },
    given,
  );
  checkText({ operation: OPERATION, name: 'origin' }, origin);
  checkText({ operation: OPERATION, name: 'state' }, state);
  if (expectedState !== undefined && expectedState !== null)
    checkText({ operation: OPERATION, name: 'expectedState' }, expectedState);
  checkWholeNumber({ operation: OPERATION, name: 'pushedSeq' }, pushedSeq);
  for (const change of checkList({ operation: OPERATION, name: 'changes' }, changes)) {
    const { kind, table, id, leaf, leaves, row } = checkFields(
      { operation: OPERATION, name: 'change' },
      change,
    );
    checkChoice({ operation: OPERATION, name: 'kind' }, kind, ['saved', 'deleted', 'redacted']);
    checkChoice({ operation: OPERATION, name: 'table' }, table, TABLE_NAMES);
    checkText({ operation: OPERATION, name: 'id' }, id);
    checkText({ operation: OPERATION, name: 'leaf' }, leaf);
    checkList({ operation: OPERATION, name: 'leaves' }, leaves);
    if (typeof row !== 'object') throw invalid({ operation: OPERATION, name: 'row' }, row, 'a row or null');
  }
  return { origin, pushedSeq, changes, state, ...(expectedState !== undefined && { expectedState }) };
}
