import type { VerifyReport } from '@ggen-sim/core';
import { useRef, useState, type ReactNode } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatCount, formatPlural } from '../components/format.ts';
import { StatusMark } from '../components/status.tsx';
import { VerifyProblems } from './verify-problems.tsx';

/** Verifies the database: SQLite's integrity check, the schema, and the id of every receipt. */
export function VerifyDatabase(): ReactNode {
  const persistence = usePersistence();
  const running = useRef<AbortController>(undefined);
  const [progress, setProgress] = useState<string>();
  const [report, setReport] = useState<VerifyReport>();
  const [failure, setFailure] = useState<Failure>();
  const verify = async (): Promise<void> => {
    const controller = new AbortController();
    running.current = controller;
    setProgress('Checking…');
    setReport(undefined);
    setFailure(undefined);
    try {
      setReport(
        await persistence.verify({
          signal: controller.signal,
          onProgress: ({ stage, done, unit }) => {
            // The worker's last progress message may arrive after its result.
            if (running.current === controller) setProgress(`${stage}: ${formatCount(done)} ${unit}`);
          },
        }),
      );
    } catch (error) {
      if (!controller.signal.aborted) setFailure(reportDatabaseFailure(error));
    } finally {
      running.current = undefined;
      setProgress(undefined);
    }
  };
  return (
    <>
      <div className="database-panel__actions">
        <button
          type="button"
          className="button"
          disabled={progress !== undefined}
          onClick={() => void verify()}
        >
          Verify
        </button>
        {progress === undefined ? null : (
          <>
            <button type="button" className="button" onClick={() => running.current?.abort()}>
              Cancel
            </button>
            <span className="muted">{progress}</span>
          </>
        )}
      </div>
      <div aria-live="polite">
        {failure ? <FailureNotice failure={failure} /> : null}
        {report ? <VerifyResult report={report} /> : null}
      </div>
    </>
  );
}

function VerifyResult({ report }: { report: VerifyReport }): ReactNode {
  if (report.ok) {
    return (
      <p className="status status--success">
        <StatusMark tone="success" />
        No problems found; {formatPlural(report.receiptsVerified, 'receipt ID')} verified
      </p>
    );
  }
  return (
    <VerifyProblems report={report} hint="Download the database first, then import the last intact copy." />
  );
}
