import type { VerifyReport } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatCount, formatPlural } from '../components/format.ts';
import { StoredText } from '../components/stored-text.tsx';

/**
 * Shows what a check of a database found: the first problem, and the others on request.
 * @param hint - what to do about it
 * @param children - what leads to the record of the first problem
 */
export function VerifyProblems({
  report,
  hint,
  children,
}: {
  report: VerifyReport;
  hint: string;
  children?: ReactNode;
}): ReactNode {
  const { problemCount, problems } = report;
  const [first = '', ...others] = problems.map(
    ({ check, row, message }) => `${check}${row === null ? '' : ` (${row})`}: ${message}`,
  );
  return (
    <>
      <FailureNotice failure={{ code: 'VERIFY', message: first, hint }}>{children}</FailureNotice>
      {others.length > 0 ? (
        <details>
          <summary>
            {formatPlural(problemCount - 1, 'more problem')}
            {others.length < problemCount - 1 ? `, ${formatCount(others.length)} of them listed` : ''}
          </summary>
          <ul>
            {others.map((problem) => (
              <li key={problem}>
                <StoredText text={problem} />
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </>
  );
}
