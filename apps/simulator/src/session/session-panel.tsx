import { useState, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { notifyUndoable } from '../components/notices.tsx';
import { printable } from '../components/printable.ts';
import { SessionBar } from './session-bar.tsx';
import { titleOf } from './session.ts';
import { StartSession } from './start-session.tsx';
import { useSessionStore } from './use-session-store.ts';
import { Workbench } from './workbench.tsx';
import './session-panel.css';

/** Shows the session: its documents, the agent and the latest result. */
export function SessionPanel(): ReactNode {
  const { store, state } = useSessionStore();
  const [starting, setStarting] = useState(false);
  const { current, loaded, failure } = state;
  const remove = async (): Promise<void> => {
    const deleted = current && (await store.setDeleted(current.id, true));
    if (!deleted) return;
    notifyUndoable(
      `Session deleted: ${printable(titleOf(deleted))}`,
      () => void store.setDeleted(deleted.id, false),
    );
  };
  return (
    <section className="session-panel panel" aria-label="Session">
      <SessionBar
        state={starting ? { ...state, current: undefined } : state}
        onName={(name) => store.edit((session) => ({ ...session, name: name === '' ? undefined : name }))}
        onDelete={() => void remove()}
        onStart={() => setStarting(true)}
        onOpen={(sessionId) => {
          setStarting(false);
          void store.open(sessionId);
        }}
      />
      {failure ? <FailureNotice failure={failure} /> : null}
      {loaded && (starting || current === undefined) ? (
        <StartSession
          onStart={async (documents) => {
            await store.start(documents);
            setStarting(false);
          }}
        />
      ) : null}
      {!starting && current !== undefined ? (
        <Workbench key={current.id} store={store} session={current} />
      ) : null}
    </section>
  );
}
