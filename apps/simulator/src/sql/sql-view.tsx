import { lazy, Suspense, type ReactNode } from 'react';

// Loaded when it is first opened.
const SqlPanel = lazy(async () => ({ default: (await import('./sql-panel.tsx')).SqlPanel }));

/** Shows queries in SQL and their rows. */
export function SqlView(): ReactNode {
  return (
    <Suspense fallback={<p className="empty muted">Loading…</p>}>
      <SqlPanel />
    </Suspense>
  );
}
