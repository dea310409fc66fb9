import { lazy, Suspense, type ComponentProps, type LazyExoticComponent, type ReactNode } from 'react';
import { currentAddress } from '../address/navigation.ts';
import type * as RecordTables from './record-tables.tsx';

const load = (): Promise<typeof RecordTables> => import('./record-tables.tsx');

const RecordTable: LazyExoticComponent<typeof RecordTables.RecordTable> = lazy(async () => ({
  default: (await load()).RecordTable,
}));

// The overview does without. An address of a table has its code loaded while the database is being opened.
const OF_TABLES: ReadonlySet<string> = new Set(['receipts', 'memory', 'audit']);
if (OF_TABLES.has(currentAddress().view)) void load().catch(() => undefined);

/** Shows the table of a view. Its code is loaded when the first table is shown. */
export function TablePanel(props: ComponentProps<typeof RecordTables.RecordTable>): ReactNode {
  return (
    <Suspense fallback={<p className="empty muted">Loading…</p>}>
      <RecordTable {...props} />
    </Suspense>
  );
}
