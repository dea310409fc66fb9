import type { LongOperationOptions, VerifyReport } from '@ggen-sim/core';
import { useRef, type ReactNode } from 'react';
import { linkTo } from '../address/navigation.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatCount, formatPlural } from '../components/format.ts';
import { StatusMark } from '../components/status.tsx';
import { FilePicker } from '../components/file-picker.tsx';
import { OperationProgress } from './operation-progress.tsx';
import { recordOfProblem, type ProblemRecord } from './record-of-problem.ts';
import { useLongOperation } from './use-long-operation.ts';
import { VerifyProblems } from './verify-problems.tsx';

interface Verified {
  readonly report: VerifyReport;
  /** The record of the first problem. */
  readonly record: ProblemRecord | undefined;
  /** True when a checkpoint was compared as well. */
  readonly isCompared: boolean;
}

/**
 * Verifies the database: SQLite's integrity check, the schema, the id of every receipt, every row against the change log,
 * and the change log against checkpoints that were kept.
 */
export function VerifyDatabase(): ReactNode {
  const persistence = usePersistence();
  const input = useRef<HTMLInputElement>(null);
  const operation = useLongOperation<Verified>();
  const verify = async (files: readonly File[], options: LongOperationOptions): Promise<Verified> => {
    const checkpoints = await Promise.all(files.map((file) => file.text()));
    const report = await persistence.verify({ ...options, checkpoints });
    const [first] = report.problems;
    const record = first && (await recordOfProblem(persistence, first).catch(() => undefined));
    return { report, record, isCompared: checkpoints.length > 0 };
  };
  const start = (files: readonly File[]): void => void operation.start((options) => verify(files, options));
  const isBusy = operation.progress !== undefined;
  return (
    <>
      <div className="database-panel__actions">
        <button type="button" className="button" disabled={isBusy} onClick={() => start([])}>
          Verify
        </button>
        <button type="button" className="button" disabled={isBusy} onClick={() => input.current?.click()}>
          Compare with a checkpoint…
        </button>
        <OperationProgress operation={operation} />
      </div>
      <FilePicker input={input} label="Checkpoints to compare with" onFiles={start} />
      <div className="verification__result" aria-live="polite">
        {operation.failure ? <FailureNotice failure={operation.failure} /> : null}
        {operation.result ? <VerifyResult {...operation.result} /> : null}
      </div>
    </>
  );
}

function VerifyResult({ report, record, isCompared }: Verified): ReactNode {
  if (!report.ok) {
    return (
      <VerifyProblems report={report} hint="Download the database first, then import the last intact copy.">
        {record === undefined ? undefined : (
          <a className="button" href={linkTo(record.address)}>
            Open the {record.name}
          </a>
        )}
      </VerifyProblems>
    );
  }
  const { history } = report;
  return (
    <>
      <p className="status status--success">
        <StatusMark tone="success" />
        No problems found; {formatPlural(report.receiptsVerified, 'receipt ID')} verified
      </p>
      {history === null ? (
        <p className="muted">There is no change log, so nothing tells whether rows were edited.</p>
      ) : (
        <p className="muted">
          {formatCount(history.rowsVerified)} of the stored rows are as{' '}
          {formatPlural(history.entries, 'entry', 'entries')} of the change log{' '}
          {history.entries === 1 ? 'has' : 'have'} them
          {isCompared
            ? ', and the log begins as the checkpoint says.'
            : '. Whether the log itself was written anew only a checkpoint that was kept elsewhere can tell.'}
        </p>
      )}
    </>
  );
}
