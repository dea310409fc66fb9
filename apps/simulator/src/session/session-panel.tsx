import { useState, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { SessionBar } from './session-bar.tsx';
import { StartSession } from './start-session.tsx';
import { useSessionStore } from './use-session-store.ts';
import { Workbench } from './workbench.tsx';
import './session-panel.css';

/** Shows the session: its documents, the agent and the latest result. */
export function SessionPanel(): ReactNode {
  const { store, state } = useSessionStore();
  const [starting, setStarting] = useState(false);
  const { current, loaded, failure } = state;
  return (
    <section className="session-panel panel" aria-label="Session">
      <SessionBar
        state={starting ? { ...state, current: undefined } : state}
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
