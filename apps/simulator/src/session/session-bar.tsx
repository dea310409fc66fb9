import { Menu } from '@base-ui/react/menu';
import { use, useState, type ReactNode } from 'react';
import { formatPlural } from '../components/format.ts';
import { PopupContainer } from '../components/popup-container.ts';
import { printable } from '../components/printable.ts';
import { StatusMark } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { titleOf, type Session } from './session.ts';
import type { SessionState } from './session-store.ts';
import './session-bar.css';

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
      <Menu.Root>
        <Menu.Trigger className="button" disabled={stored.length === 0}>
          Sessions
        </Menu.Trigger>
        <Menu.Portal container={use(PopupContainer)}>
          <Menu.Positioner className="menu-positioner" sideOffset={4} align="end">
            <Menu.Popup className="menu session-bar__list">
              {current === undefined ? null : (
                <Menu.Item className="menu__item" onClick={onDelete}>
                  Delete this session
                </Menu.Item>
              )}
              {stored.map((session) => (
                <Menu.Item key={session.id} className="menu__item" onClick={() => onOpen(session.id)}>
                  <span>
                    {session.startedAt.slice(0, 16).replace('T', ' ')} UTC
                    {session.id === current?.id ? ' (current)' : ''}
                  </span>
                  <span className="muted">
                    <StoredText text={titleOf(session)} />
                    {session.name === undefined && session.documents.length > 1
                      ? `, ${formatPlural(session.documents.length - 1, 'more', 'more')}`
                      : ''}
                  </span>
                </Menu.Item>
              ))}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
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
