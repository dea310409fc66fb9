import type { Persistence, TableName } from '@ggen-sim/core';
import { useCallback, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { useLiveQuery } from '../database/use-live-query.ts';

/** Reads the record of an address, again after each commit to its table, and shows it or why there is none. */
export function Recorded<Row>({
  id,
  table,
  read,
  children,
}: {
  id: string;
  table: TableName;
  /** Must be stable. */
  read: (persistence: Persistence, id: string) => Promise<Row | undefined>;
  children: (row: Row) => ReactNode;
}): ReactNode {
  const query = useCallback(
    async (persistence: Persistence) => ({ id, row: await read(persistence, id) }),
    [id, read],
  );
  const { value, failure } = useLiveQuery(query, TABLES[table]);
  if (failure) return <FailureNotice failure={failure} />;
  if (value?.id !== id) return <p className="muted">Loading…</p>;
  if (value.row === undefined) {
    return (
      <div className="empty">
        <strong>No longer stored</strong>
        <span>
          There is no record <StoredText text={id} />. A cleanup may have deleted it, or the address is of
          another database.
        </span>
      </div>
    );
  }
  return children(value.row);
}

/** Stable lists, because a new one would be a new query. */
const TABLES: Readonly<Record<TableName, readonly TableName[]>> = {
  receipts: ['receipts'],
  agent_memory: ['agent_memory'],
  audit_log: ['audit_log'],
};
