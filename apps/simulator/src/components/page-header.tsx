import type { ReactNode } from 'react';
import { IS_STUDIO } from '../database/studio.ts';
import type { DatabaseServer, DatabaseState } from '../database/database.ts';
import { PaletteButton } from '../palette/palette-button.tsx';
import { SessionToggle } from '../panes/session-toggle.tsx';
import { printable } from './printable.ts';
import { ThemeSelect } from './theme-select.tsx';
import { StatusMark } from './status.tsx';

/** Shows the page's title, the state of its storage and the choice of theme. */
export function PageHeader({ state }: { state: DatabaseState }): ReactNode {
  return (
    <header className="page-header">
      <img src="./icon.svg" alt="" width="22" height="22" />
      <h1 className="page-header__title">ggen simulator</h1>
      <StorageState state={state} />
      {state.phase === 'open' && !IS_STUDIO ? <PaletteButton /> : null}
      {state.phase === 'open' && !IS_STUDIO ? <SessionToggle /> : null}
      <ThemeSelect />
    </header>
  );
}

function StorageState({ state }: { state: DatabaseState }): ReactNode {
  if (state.phase === 'opening') return <span className="page-header__storage muted">Opening…</span>;
  if (state.phase === 'failed' && state.failure.code === 'KEY_REQUIRED') {
    return <span className="page-header__storage muted">Locked</span>;
  }
  if (state.phase === 'failed') {
    return (
      <span className="page-header__storage status status--error">
        <StatusMark tone="error" />
        No database
      </span>
    );
  }
  if (state.server) return <ServerState server={state.server} />;
  return state.persistent ? (
    <span className="page-header__storage status status--success">
      <StatusMark tone="success" />
      Stored locally
    </span>
  ) : (
    <span className="page-header__storage status status--warning">
      <StatusMark tone="warning" />
      In memory only: nothing is saved
    </span>
  );
}

/** Shows which file of this computer is open, and if it can be changed here. */
function ServerState({ server: { path, readOnly, lost } }: { server: DatabaseServer }): ReactNode {
  // Where there is little room, the name stays and the folder is cut.
  const folder = path.slice(0, path.search(/[^/\\]*$/));
  return (
    <span className="page-header__storage page-header__file" title={path}>
      {lost === undefined ? null : (
        <span className="status status--error">
          <StatusMark tone="error" />
          Not connected
        </span>
      )}
      <code className="page-header__path">
        <span className="page-header__folder">{printable(folder)}</span>
        <span className="page-header__name">{printable(path.slice(folder.length))}</span>
      </code>
      <span className="page-header__place">on this computer</span>
      <span className="page-header__access">{readOnly ? 'Read only' : 'Writable'}</span>
    </span>
  );
}
