import { lazy, Suspense, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { openDatabase } from './database.ts';
import type { Failure } from './failure.ts';
import './database-failed.css';

// Loaded for a database that is encrypted.
const UnlockDatabase = lazy(async () => ({
  default: (await import('./unlock-database.tsx')).UnlockDatabase,
}));

/** Titles of the errors that stop the page. */
const TITLES: Readonly<Record<string, string>> = {
  STORAGE_RESET: 'The stored data was deleted or replaced',
  STORAGE_UNAVAILABLE: 'Storage is not available',
  UNREADABLE_STORAGE: 'This version cannot read the stored data',
  NEWER_SCHEMA: 'The database was written by a newer version',
  WORKER_GONE: 'The database stopped',
  CONNECTION_LOST: 'The server cannot be reached',
  UNAUTHORIZED: 'The server refused this address',
  DATABASE_LOCKED: 'Another tab is using the database',
};

/** Codes after which an in-memory database is a way to go on. */
const MEMORY_HELPS: ReadonlySet<string> = new Set([
  'STORAGE_UNAVAILABLE',
  'INITIALIZATION_FAILED',
  'IO_ERROR',
]);

/** Replaces the page's content when there is no database: shows the reason and the ways to go on. */
export function DatabaseFailed({ failure }: { failure: Failure }): ReactNode {
  if (failure.code === 'KEY_REQUIRED') {
    return (
      <Suspense fallback={null}>
        <UnlockDatabase />
      </Suspense>
    );
  }
  return (
    <section className="database-failed panel">
      <h2>{TITLES[failure.code] ?? 'The database could not be opened'}</h2>
      <FailureNotice failure={failure}>
        <button type="button" className="button button--primary" onClick={() => location.reload()}>
          Reload the page
        </button>
        {MEMORY_HELPS.has(failure.code) ? (
          <button type="button" className="button" onClick={() => void openDatabase('memory')}>
            Continue in memory (nothing is saved)
          </button>
        ) : null}
      </FailureNotice>
      {failure.code === 'STORAGE_RESET' ? (
        <p>
          This site’s data was cleared while the page was open, by you or by the browser, or another tab
          encrypted the database. The page did not create a new database in its place. Reload to open the
          encrypted database, or to start with an empty one or import a downloaded copy.
        </p>
      ) : null}
    </section>
  );
}
