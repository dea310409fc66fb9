import { useLiveQuery } from '@ggen-sim/core/react';

export function Latest({ db, agent }) {
  const query = () => db.queryReceipts({ agent, limit: 10 });
  const { value: rows = [], error } = useLiveQuery(db, query, ['receipts'], [agent]);
  if (error) return <p>{error.message}</p>;
  return rows.map((row) => <p key={row.receiptId}>{row.executionId}</p>);
}
