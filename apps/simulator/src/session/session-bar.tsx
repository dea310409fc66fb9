import { lazy, Suspense, useState, type ReactNode } from 'react';
import { printable } from '../components/printable.ts';
import { StatusMark } from '../components/status.tsx';
import { titleOf, type Session } from './session.ts';
import type { SessionState } from './session-store.ts';
import './session-bar.css';

// Loaded with the first session.
// Pure, for the build of the studio to leave it out.
const SessionsMenu = /* @__PURE__ */ lazy(async () => ({
  default: (await import('./sessions-menu.tsx')).SessionsMenu,
}));

/** In place of the menu while there is none. */
const SESSIONS_BUTTON: ReactNode = (
  <button type="button" className="button" disabled>
    Sessions
  </button>
);

const SAVING_LABELS: Readonly<Record<SessionState['saving'], string>> = {
  saved: 'Saved',
  unsaved: 'Saving…',
  failed: 'Not saved',
};

/** Shows the current session and its saving state, and opens other sessions. */
export function SessionBar({
  state,
  onName,
  onDelete,
  onStart,
  onOpen,
}: {
  state: SessionState;
  onName: (name: string) => void;
  onDelete: () => void;
  onStart: () => void;
  onOpen: (sessionId: string) => void;
}): ReactNode {
  const { current, stored, saving } = state;
  return (
    <div className="session-bar">
      <div className="session-bar__title">
        <h2>Session</h2>
        {current === undefined ? null : (
          <SessionName key={`${current.id} ${current.name}`} session={current} onName={onName} />
        )}
        {current === undefined ? null : (
          <span
            className={`session-bar__saving status status--${saving === 'failed' ? 'error' : 'neutral'}`}
            role="status"
          >
            <StatusMark tone={saving === 'failed' ? 'error' : saving === 'saved' ? 'success' : 'neutral'} />
            {SAVING_LABELS[saving]}
          </span>
        )}
      </div>
      {stored.length === 0 ? (
        SESSIONS_BUTTON
      ) : (
        <Suspense fallback={SESSIONS_BUTTON}>
          <SessionsMenu state={state} onDelete={onDelete} onOpen={onOpen} />
        </Suspense>
      )}
      <button type="button" className="button" onClick={onStart} disabled={current === undefined}>
        New session
      </button>
    </div>
  );
}

/** Shows and changes what the session is called. Emptied, it is called like its first document again. */
function SessionName({ session, onName }: { session: Session; onName: (name: string) => void }): ReactNode {
  const [name, setName] = useState(session.name ?? '');
  const rename = (): void => {
    if (name.trim() !== (session.name ?? '')) onName(name.trim());
  };
  return (
    <input
      className="field session-bar__name"
      aria-label="Name of the session"
      value={name}
      placeholder={printable(titleOf({ ...session, name: undefined }))}
      maxLength={120}
      onChange={(event) => setName(event.target.value)}
      onBlur={rename}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
      }}
    />
  );
}
