import { Menu } from '@base-ui/react/menu';
import { use, type ReactNode } from 'react';
import { formatPlural } from '../components/format.ts';
import { PopupContainer } from '../components/popup-container.ts';
import { StatusMark } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
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
  onStart,
  onOpen,
}: {
  state: SessionState;
  onStart: () => void;
  onOpen: (sessionId: string) => void;
}): ReactNode {
  const { current, stored, saving } = state;
  return (
    <div className="session-bar">
      <div className="session-bar__title">
        <h2>Session</h2>
        {current === undefined ? null : (
          <code className="muted" data-testid="session-id">
            {current.id.replace('session-', '')}
          </code>
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
              {stored.map((session) => (
                <Menu.Item key={session.id} className="menu__item" onClick={() => onOpen(session.id)}>
                  <span>
                    {session.startedAt.slice(0, 16).replace('T', ' ')} UTC
                    {session.id === current?.id ? ' (current)' : ''}
                  </span>
                  <span className="muted">
                    <StoredText text={session.documents[0]?.name ?? 'no documents'} />
                    {session.documents.length > 1
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
