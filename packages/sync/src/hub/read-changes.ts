import type { IncomingChange, TableName } from '@ggen-sim/core';
import type { PulledBatch, PullRequest } from '../contract/sync-target.ts';
import type { HubSession } from './hub-database.ts';
import { fromStoredText, parseStored } from './stored-text.ts';

/** Size of the rows after which a batch ends, in characters. A single one may be larger. */
const BATCH_CHARACTERS = 1_048_576;

/** A row whose content was removed tells nothing. */
const OF_OTHERS = `tenant = $1 AND position > $2 AND position <= $3 AND origin <> $4 AND (content IS NOT NULL OR kind <> 'saved')`;

/** Reads changes of other databases than the one that asks. */
export async function readChanges(session: HubSession, request: PullRequest): Promise<PulledBatch> {
  const { tenant } = session;
  const { origin, limit } = request;
  const [hub] = await session.query('SELECT position FROM ggen_hub WHERE tenant = $1', [tenant]);
  const end = Number(hub?.[0]);
  const isKnown = request.after <= end && (await pushAt(session, request.after)) === request.pushId;
  const after = isKnown ? request.after : 0;
  const sizes = await session.query(
    `SELECT position, coalesce(length(content), 0) FROM ggen_changes WHERE ${OF_OTHERS} ORDER BY position LIMIT $5`,
    [tenant, after, end, origin, limit],
  );
  let characters = 0;
  let last: number | undefined;
  let count = 0;
  for (const [position, size] of sizes) {
    last = Number(position);
    count++;
    characters += Number(size);
    if (characters >= BATCH_CHARACTERS) break;
  }
  const isLast = count === sizes.length && sizes.length < limit;
  const position = isLast || last === undefined ? end : last;
  const pushId = await pushAt(session, position);
  if (last === undefined) return { changes: [], position, pushId, isLast: true };
  const rows = await session.query(
    `SELECT kind, table_name, record_id, content, leaf, parent, leaves, reason FROM ggen_changes
     WHERE ${OF_OTHERS} ORDER BY position`,
    [tenant, after, last, origin],
  );
  return { changes: rows.map(toChange), position, pushId, isLast };
}

/** Returns the id of the push that brought a position; `null` for what was pushed before pushes had one. */
async function pushAt(session: HubSession, position: number): Promise<string | null> {
  const [row] = await session.query(
    'SELECT push_id FROM ggen_pushes WHERE tenant = $1 AND position >= $2 ORDER BY position LIMIT 1',
    [session.tenant, position],
  );
  return row === undefined ? null : String(row[0]);
}

function toChange(row: readonly unknown[]): IncomingChange {
  const [kind, table, id, content, leaf, parent, leaves, reason] = row.map((value) =>
    typeof value === 'string' ? value : null,
  );
  return {
    kind: kind as IncomingChange['kind'],
    table: table as TableName,
    id: fromStoredText(id ?? ''),
    row: content ? (parseStored(content) as Record<string, unknown>) : null,
    leaf: leaf ?? '',
    parent: parent ?? null,
    leaves: leaves ? (parseStored(leaves) as string[]) : [],
    reason: reason ? fromStoredText(reason) : null,
  };
}
