import { Menu } from '@base-ui/react/menu';
import { use, type ReactNode } from 'react';
import { formatPlural } from '../components/format.ts';
import { PopupContainer } from '../components/popup-container.ts';
import { StoredText } from '../components/stored-text.tsx';
import { titleOf } from './session.ts';
import type { SessionState } from './session-store.ts';

/** Deletes the current session, or opens another one. */
export function SessionsMenu({
  state: { current, stored },
  onDelete,
  onOpen,
}: {
  state: SessionState;
  onDelete: () => void;
  onOpen: (sessionId: string) => void;
}): ReactNode {
  return (
    <Menu.Root>
      <Menu.Trigger className="button">Sessions</Menu.Trigger>
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
  );
}
