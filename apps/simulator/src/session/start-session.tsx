import type { ReactNode } from 'react';
import { useDatabaseState } from '../database/use-database-state.ts';
import { failureOf } from '../database/failure.ts';
import { notifyFailure } from '../components/notices.tsx';
import { EXAMPLES, type Example } from './examples.ts';
import type { NewDocument } from './session.ts';
import './start-session.css';

/** Shows the ways to start a session. Also the first thing a new user sees. */
export function StartSession({
  onStart,
}: {
  onStart: (documents: readonly NewDocument[]) => Promise<void>;
}): ReactNode {
  const state = useDatabaseState();
  const startWith = async (example: Example): Promise<void> => {
    try {
      await onStart(await example.load());
    } catch (error) {
      notifyFailure('Could not load the example', failureOf(error));
    }
  };
  return (
    <div className="start-session">
      <h2>Start a session</h2>
      <p className="muted">
        A session holds the documents that you validate.{' '}
        {state.phase === 'open' && !state.persistent
          ? 'This tab keeps the session and the receipt, agent memory and audit trail of every run in memory, until it is closed.'
          : 'The session and the receipt, agent memory and audit trail of every run are stored in this browser and are still there when you come back.'}
      </p>
      <button type="button" className="button button--primary" onClick={() => void onStart([])}>
        Start an empty session
      </button>
      <h3 id="start-examples">Or start with an example</h3>
      <ul className="start-session__examples" aria-labelledby="start-examples">
        {EXAMPLES.map((example) => (
          <li key={example.title}>
            <button type="button" className="start-session__example" onClick={() => void startWith(example)}>
              <strong>{example.title}</strong>
              <span className="muted">{example.outcome}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
