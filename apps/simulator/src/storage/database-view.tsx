import type { Stats } from '@ggen-sim/core';
import { lazy, Suspense, type ReactNode } from 'react';

// Loaded when it is first opened.
const DatabasePanel = lazy(async () => ({ default: (await import('./database-panel.tsx')).DatabasePanel }));

/** Shows the database itself. */
export function DatabaseView({ stats }: { stats: Stats | undefined }): ReactNode {
  return (
    <Suspense fallback={<p className="empty muted">Loading…</p>}>
      <DatabasePanel stats={stats} />
    </Suspense>
  );
}
