import type { ReactNode } from 'react';
import { formatPlural } from '../components/format.ts';
import { StatusMark, type Tone } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import type { CheckedDocuments, LocatedProblem } from './document-problems.ts';
import './live-summary.css';

/** Says what is wrong with the documents as they are being typed, with a way to the first problem. */
export function LiveSummary({
  check: { receipt },
  problems: [first],
  onGoTo,
}: {
  check: CheckedDocuments;
  problems: readonly LocatedProblem[];
  onGoTo: (problem: LocatedProblem) => void;
}): ReactNode {
  const { error, violations, status } = receipt;
  const errors = error === null ? 0 : 1 + (error.others?.length ?? 0);
  const tone: Tone = errors + violations.length > 0 ? 'error' : status === 'partial' ? 'warning' : 'success';
  return (
    <p className="live-summary">
      <span role="status">
        <span className="muted">As you type:</span>{' '}
        <span className={`status status--${tone}`}>
          <StatusMark tone={tone} />
          {errors > 0
            ? formatPlural(errors, 'error')
            : violations.length > 0
              ? formatPlural(violations.length, 'result')
              : status === 'partial'
                ? 'nothing to validate against'
                : 'conforms'}
        </span>
      </span>
      {first === undefined ? null : (
        <>
          <button type="button" className="link-button" onClick={() => onGoTo(first)}>
            Line {first.line}
          </button>
          <span className="live-summary__message">
            <StoredText text={first.message} />
          </span>
        </>
      )}
    </p>
  );
}
