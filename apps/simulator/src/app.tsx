import { CSPProvider } from '@base-ui/react/csp-provider';
import { useEffect, useRef, type ReactNode } from 'react';
import { DatabaseFailed } from './database/database-failed.tsx';
import { reportDatabaseFailure, useDatabaseState, type DatabaseState } from './database/database.ts';
import { PersistenceContext } from './database/persistence-context.ts';
import { Notices } from './components/notices.tsx';
import { PageHeader } from './components/page-header.tsx';
import { PopupPlace } from './components/popup-container.ts';
import { RecordPanel } from './tables/data-panel.tsx';
import { SessionPanel } from './session/session-panel.tsx';
import './app.css';

/** The page: a session on one side, what is recorded on the other, or why there is neither. */
export function App(): ReactNode {
  const state = useDatabaseState();
  useLookOnReturn(state);
  const popups = useRef<HTMLDivElement>(null);
  return (
    <CSPProvider disableStyleElements>
      <div className="app">
        <PageHeader state={state} />
        <main className="app__main">
          {state.phase === 'opening' ? (
            <p className="app__opening muted" role="status">
              Opening the database…
            </p>
          ) : null}
          {state.phase === 'failed' ? <DatabaseFailed failure={state.failure} /> : null}
          {state.phase === 'open' ? (
            <PersistenceContext value={state.persistence}>
              <PopupPlace value={popups}>
                <SessionPanel />
                <RecordPanel />
              </PopupPlace>
            </PersistenceContext>
          ) : null}
          <div ref={popups} className="app__popups" />
        </main>
      </div>
      <Notices />
    </CSPProvider>
  );
}

/**
 * Asks the database something whenever the person comes back to the page: nothing else would tell that its data was
 * cleared meanwhile, and the page would go on showing what is no longer there.
 */
function useLookOnReturn(state: DatabaseState): void {
  useEffect(() => {
    if (state.phase !== 'open') return undefined;
    const look = (): void => {
      if (document.visibilityState === 'visible') state.persistence.stats().catch(reportDatabaseFailure);
    };
    document.addEventListener('visibilitychange', look);
    window.addEventListener('focus', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      window.removeEventListener('focus', look);
    };
  }, [state]);
}
