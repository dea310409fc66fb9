import type { ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { openDatabase } from './database.ts';
import type { Failure } from './failure.ts';
import './database-failed.css';

/** What is wrong, for the codes that stop everything, in words a person can act on. */
const TITLES: Readonly<Record<string, string>> = {
  STORAGE_RESET: 'The stored data was removed',
  STORAGE_UNAVAILABLE: 'This browser offers no storage here',
  UNREADABLE_STORAGE: 'What is stored cannot be read by this version',
  NEWER_SCHEMA: 'The database was written by a newer version',
  WORKER_GONE: 'The database stopped',
  DATABASE_LOCKED: 'Another tab holds the database',
};

/** Codes where working without storage is a way to go on. */
const MEMORY_HELPS: ReadonlySet<string> = new Set([
  'STORAGE_UNAVAILABLE',
  'INITIALIZATION_FAILED',
  'IO_ERROR',
]);

/** In place of everything else: why there is no database, and what can be done. */
export function DatabaseFailed({ failure }: { failure: Failure }): ReactNode {
  return (
    <section className="database-failed panel">
      <h2>{TITLES[failure.code] ?? 'The database could not be opened'}</h2>
      <FailureNotice failure={failure}>
        <button type="button" className="button button--primary" onClick={() => location.reload()}>
          Reload the page
        </button>
        {MEMORY_HELPS.has(failure.code) ? (
          <button type="button" className="button" onClick={() => void openDatabase('memory')}>
            Work in memory: nothing is kept
          </button>
        ) : null}
      </FailureNotice>
      {failure.code === 'STORAGE_RESET' ? (
        <p>
          Somebody cleared this site’s data, or the browser did, while the page was open. What was stored is
          gone from this browser; nothing empty was put in its place. Reload to start anew, or to import a
          copy you downloaded.
        </p>
      ) : null}
    </section>
  );
}
