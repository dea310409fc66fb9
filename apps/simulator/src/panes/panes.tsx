import type { Persistence } from '@ggen-sim/core';
import { useDeferredValue, useSyncExternalStore, type ReactNode } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { FailureBoundary } from '../components/failure-boundary.tsx';
import { databaseReady, reportDatabaseFailure } from '../database/database.ts';
import { SessionPanel } from '../session/session-panel.tsx';
import { SESSION_AGENT_TYPE } from '../session/session.ts';
import { DataPanel } from '../tables/data-panel.tsx';
import { foldUnlessChosen, setPaneLayout, usePaneLayout } from './pane-layout.ts';
import './panes.css';

/** Below this width, which the style sheets name too, the panes are one below the other. */
const STACKED = matchMedia('(max-width: 1080px)');

function subscribeToStacked(listener: () => void): () => void {
  STACKED.addEventListener('change', listener);
  return () => STACKED.removeEventListener('change', listener);
}

if (import.meta.env.MODE !== 'studio') void databaseReady.then(foldWithoutSessions);

/** Folds the session away where there is data and no session. */
async function foldWithoutSessions(persistence: Persistence): Promise<void> {
  try {
    // Whether there is one, not how many: counting takes the longer, the more is stored.
    const [receipts, sessions] = await Promise.all([
      persistence.queryReceipts({ limit: 1 }),
      persistence.queryMemory({ agentType: SESSION_AGENT_TYPE, limit: 1 }),
    ]);
    foldUnlessChosen(receipts.length > 0 && sessions.length === 0);
  } catch (error) {
    reportDatabaseFailure(error);
    foldUnlessChosen(false);
  }
}

/** Shows the session and the data side by side, in the sizes that the user chose, or the data alone. */
export function Panes(): ReactNode {
  // Sessions are this page's own documents, which do not belong into somebody's database file.
  return import.meta.env.MODE === 'studio' ? <DataAlone /> : <SessionAndData />;
}

function DataAlone(): ReactNode {
  return (
    <div className="panes panes--data">
      <DataPanel />
    </div>
  );
}

function SessionAndData(): ReactNode {
  const { isFolded, sizes } = useDeferredValue(usePaneLayout());
  const isStacked = useSyncExternalStore(subscribeToStacked, () => STACKED.matches);
  if (isFolded === undefined) return null;
  if (isFolded) return <DataAlone />;
  return (
    <Group
      className="panes"
      // It would take all that is between the hidden separator's neighbours for the separator, and every click with it.
      disabled={isStacked}
      {...(sizes === undefined ? {} : { defaultLayout: sizes })}
      onLayoutChanged={(changed) => setPaneLayout({ sizes: changed })}
    >
      <Panel id="session" className="panes__pane" minSize="380px" defaultSize="47%">
        <FailureBoundary>
          <SessionPanel />
        </FailureBoundary>
      </Panel>
      <Separator className="panes__separator" aria-label="Width of the session" />
      <Panel id="data" className="panes__pane" minSize="420px">
        <DataPanel />
      </Panel>
    </Group>
  );
}
