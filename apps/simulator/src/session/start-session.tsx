import type { ReactNode } from 'react';
import { failureOf } from '../database/failure.ts';
import { notifyFailure } from '../components/notices.tsx';
import { EXAMPLES, type Example } from './examples.ts';
import type { NewDocument } from './session.ts';
import './start-session.css';

/** What a person sees first: ways to begin. */
export function StartSession({
  onStart,
}: {
  onStart: (documents: readonly NewDocument[]) => Promise<void>;
}): ReactNode {
  const startWith = async (example: Example): Promise<void> => {
    try {
      await onStart(await example.load());
    } catch (error) {
      notifyFailure('The example could not be loaded', failureOf(error));
    }
  };
  return (
    <div className="start-session">
      <h2>Start a session</h2>
      <p className="muted">
        A session holds the documents you validate. Everything in it, and every run’s receipt, memory and
        audit trail, is kept in this browser and is here when you come back.
      </p>
      <button type="button" className="button button--primary" onClick={() => void onStart([])}>
        Start an empty session
      </button>
      <h3 id="start-examples">Or begin with an example</h3>
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
