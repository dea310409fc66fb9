import type { ReactNode } from 'react';
import type { DatabaseState } from '../database/database.ts';
import './connection-notice.css';

/** Tells that the server of the database is away, and that what is shown may be old. */
export function ConnectionNotice({ state }: { state: DatabaseState }): ReactNode {
  if (state.phase !== 'open' || state.server?.lost === undefined) return null;
  return (
    <p className="connection-notice" role="alert">
      <strong>The server has stopped.</strong> What is shown may be out of date, and nothing can be saved. The
      page connects again by itself when <code>ggen-sim studio</code> runs at this address again.
    </p>
  );
}
