import type { ReactNode } from 'react';
import type { DatabaseState } from '../database/database.ts';
import { ThemeChoice } from './theme-select.tsx';
import { StatusMark } from './status.tsx';
import './page-header.css';

/** What the page is, where its data goes, and its look. */
export function PageHeader({ state }: { state: DatabaseState }): ReactNode {
  return (
    <header className="page-header">
      <img src="./icon.svg" alt="" width="22" height="22" />
      <h1 className="page-header__title">ggen simulator</h1>
      <StorageLine state={state} />
      <ThemeChoice />
    </header>
  );
}

function StorageLine({ state }: { state: DatabaseState }): ReactNode {
  if (state.phase === 'opening') return <span className="page-header__storage muted">opening</span>;
  if (state.phase === 'failed') {
    return (
      <span className="page-header__storage status status--error">
        <StatusMark tone="error" />
        no database
      </span>
    );
  }
  return state.kept ? (
    <span className="page-header__storage status status--success">
      <StatusMark tone="success" />
      stored locally
    </span>
  ) : (
    <span className="page-header__storage status status--warning">
      <StatusMark tone="warning" />
      in memory only: nothing is kept
    </span>
  );
}
