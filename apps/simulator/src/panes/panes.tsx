import { useEffect, useSyncExternalStore, type ReactNode } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { FailureBoundary } from '../components/failure-boundary.tsx';
import { reportDatabaseFailure } from '../database/database.ts';
import { usePersistence } from '../database/persistence-context.ts';
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
  const { isFolded, sizes } = usePaneLayout();
  const isStacked = useSyncExternalStore(subscribeToStacked, () => STACKED.matches);
  const persistence = usePersistence();
  useEffect(() => {
    if (isFolded !== undefined) return;
    const isDataAlone = async (): Promise<boolean> => {
      const { receiptsTotal } = await persistence.stats();
      return receiptsTotal > 0 && (await persistence.countMemory({ agentType: SESSION_AGENT_TYPE })) === 0;
    };
    isDataAlone().then(foldUnlessChosen, (error: unknown) => {
      reportDatabaseFailure(error);
      foldUnlessChosen(false);
    });
  }, [persistence, isFolded]);
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
