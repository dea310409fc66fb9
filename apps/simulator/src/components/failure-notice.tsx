import type { ReactNode } from 'react';
import { isServerLost } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { StatusMark } from './status.tsx';
import { StoredText } from './stored-text.tsx';
import './failure-notice.css';

/** Shows an error where it happened: its code, its message, a hint and actions. */
export function FailureNotice({ failure, children }: { failure: Failure; children?: ReactNode }): ReactNode {
  // The notice at the top of the page says it for every part.
  if (isServerLost(failure)) return null;
  return (
    <div className="failure-notice" role="alert">
      <p className="failure-notice__message">
        <StatusMark tone="error" />
        <code>{failure.code}</code> <StoredText text={failure.message} />
      </p>
      {failure.hint === undefined ? null : (
        <p className="failure-notice__hint">
          <StoredText text={failure.hint} />
        </p>
      )}
      {children === undefined ? null : <div className="failure-notice__actions">{children}</div>}
    </div>
  );
}
