import { CSPProvider } from '@base-ui/react/csp-provider';
import {
  lazy,
  Suspense,
  useDeferredValue,
  useEffect,
  useRef,
  type LazyExoticComponent,
  type ReactNode,
} from 'react';
import { DatabaseFailed } from './database/database-failed.tsx';
import { reportDatabaseFailure, type DatabaseState } from './database/database.ts';
import { useDatabaseState } from './database/use-database-state.ts';
import { IS_STUDIO } from './database/studio.ts';
import { PersistenceContext } from './database/persistence-context.ts';
import { ConnectionNotice } from './components/connection-notice.tsx';
import type { Notices as ShownNotices } from './components/notices.tsx';
import { PageHeader } from './components/page-header.tsx';
import { PopupContainer } from './components/popup-container.ts';
import type * as PanesModule from './panes/panes.tsx';
import { SyncNotice } from './sync/sync-notice.tsx';

// Evaluated after what is shown while the database is being opened, and before it is open: in one piece, they would keep the page
// from answering for too long.
const panes: Promise<typeof PanesModule> = import('./panes/panes.tsx');
const Panes: LazyExoticComponent<typeof PanesModule.Panes> = lazy(async () => ({
  default: (await panes).Panes,
}));
const Notices: LazyExoticComponent<typeof ShownNotices> = lazy(async () => ({
  default: (await import('./components/notices.tsx')).Notices,
}));

/** Renders the page: the session and the stored data side by side, or the reason why there is no database. */
export function App(): ReactNode {
  // Rendered in pieces, so that the page answers meanwhile.
  const state = useDeferredValue(useDatabaseState());
  useCheckOnReturn(state);
  const popups = useRef<HTMLDivElement>(null);
  return (
    <CSPProvider disableStyleElements>
      <div className="app">
        <PageHeader state={state} />
        <ConnectionNotice state={state} />
        <SyncNotice />
        <main className={IS_STUDIO ? 'app__main app__main--data' : 'app__main'}>
          {state.phase === 'opening' ? <Opening /> : null}
          {state.phase === 'failed' ? <DatabaseFailed failure={state.failure} /> : null}
          {state.phase === 'open' ? (
            <PersistenceContext value={state.persistence}>
              <PopupContainer value={popups}>
                <Suspense fallback={<Opening />}>
                  <Panes />
                </Suspense>
              </PopupContainer>
            </PersistenceContext>
          ) : null}
          <div ref={popups} className="app__popups" />
        </main>
      </div>
      <Suspense fallback={null}>
        <Notices />
      </Suspense>
    </CSPProvider>
  );
}

function Opening(): ReactNode {
  return (
    <p className="app__opening muted" role="status">
      Opening the database…
    </p>
  );
}

/**
 * Queries the database whenever the user returns to the page. Nothing else reports that the site's data was cleared
 * meanwhile, and the page would go on showing deleted rows.
 */
function useCheckOnReturn(state: DatabaseState): void {
  useEffect(() => {
    if (state.phase !== 'open') return undefined;
    const check = (): void => {
      if (document.visibilityState === 'visible') state.persistence.stats().catch(reportDatabaseFailure);
    };
    document.addEventListener('visibilitychange', check);
    window.addEventListener('focus', check);
    return () => {
      document.removeEventListener('visibilitychange', check);
      window.removeEventListener('focus', check);
    };
  }, [state]);
}
