import { AlertDialog } from '@base-ui/react/alert-dialog';
import type { ImageReport, Progress, RowCounts, Stats } from '@ggen-sim/core';
import { useRef, useState, type ReactNode } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatBytes, formatCount, formatPlural } from '../components/format.ts';
import { printable } from '../components/printable.ts';
import { notify } from '../components/notices.tsx';
import { streamOf } from './stream-of.ts';
import { VerifyProblems } from './verify-problems.tsx';

/** The selected file with the result of its check. */
interface Candidate {
  readonly name: string;
  readonly file: File;
  readonly report: ImageReport | undefined;
  readonly failure: Failure | undefined;
}

/** Replaces the database with a file after a check of the file and a confirmation. */
export function ImportDatabase({ stats }: { stats: Stats | undefined }): ReactNode {
  const persistence = usePersistence();
  const input = useRef<HTMLInputElement>(null);
  const [candidate, setCandidate] = useState<Candidate>();
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController>(undefined);
  const [progress, setProgress] = useState<string>();
  const [replacing, setReplacing] = useState<string>();

  const inspect = async (file: File): Promise<void> => {
    const controller = new AbortController();
    const { signal } = controller;
    running.current = controller;
    setBusy(true);
    setProgress('Reading');
    const name = printable(file.name);
    try {
      const report = await persistence.inspectImage({
        image: streamOf(file),
        signal,
        onProgress: (step) => {
          if (running.current === controller) setProgress(describeInspection(step, file));
        },
      });
      setCandidate({ name, file, report, failure: undefined });
    } catch (error) {
      if (signal.aborted) return;
      setCandidate({ name, file, report: undefined, failure: reportDatabaseFailure(error) });
    } finally {
      running.current = undefined;
      setProgress(undefined);
      setBusy(false);
    }
  };
  const replace = async ({ name, file, report }: Candidate): Promise<void> => {
    const controller = new AbortController();
    const { signal } = controller;
    running.current = controller;
    setBusy(true);
    setReplacing('Checking the file…');
    try {
      await persistence.importImage({
        image: streamOf(file),
        signal,
        onProgress: (step) => {
          if (running.current === controller && !signal.aborted) setReplacing(describeReplacing(step, file));
        },
      });
      setCandidate(undefined);
      notify('Database imported', `The database now has the content of ${name}.`);
    } catch (error) {
      if (signal.aborted) {
        setCandidate(undefined);
        notify('Import cancelled', 'The database is as it was.');
      } else setCandidate({ name, file, report, failure: reportDatabaseFailure(error) });
    } finally {
      running.current = undefined;
      setReplacing(undefined);
      setBusy(false);
    }
  };
  const cancelReplacing = (): void => {
    running.current?.abort();
    setReplacing('Cancelling…');
  };

  return (
    <>
      <button type="button" className="button" disabled={busy} onClick={() => input.current?.click()}>
        Import database…
      </button>
      {progress === undefined ? null : (
        <>
          <button type="button" className="button" onClick={() => running.current?.abort()}>
            Cancel the import
          </button>
          <span className="muted">{progress}</span>
        </>
      )}
      <input
        ref={input}
        type="file"
        hidden
        accept=".db,.sqlite,.sqlite3,application/vnd.sqlite3"
        aria-label="Database to import"
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = '';
          if (file) void inspect(file);
        }}
      />
      <AlertDialog.Root
        open={candidate !== undefined}
        // Escape and Cancel end what is running; the dialog closes when it has ended.
        onOpenChange={(open) => {
          if (open) return;
          if (replacing === undefined) setCandidate(undefined);
          else cancelReplacing();
        }}
      >
        <AlertDialog.Portal>
          <AlertDialog.Backdrop className="dialog-backdrop" />
          <AlertDialog.Popup className="dialog">
            {candidate === undefined ? null : (
              <ImportConfirmation
                candidate={candidate}
                stats={stats}
                replacing={replacing}
                onReplace={() => void replace(candidate)}
              />
            )}
          </AlertDialog.Popup>
        </AlertDialog.Portal>
      </AlertDialog.Root>
    </>
  );
}

function ImportConfirmation({
  candidate,
  stats,
  replacing,
  onReplace,
}: {
  candidate: Candidate;
  stats: Stats | undefined;
  replacing: string | undefined;
  onReplace: () => void;
}): ReactNode {
  const { name, file, report, failure } = candidate;
  const intact = report?.verification.ok === true;
  return (
    <>
      <AlertDialog.Title>
        {report ? `Replace the database with ${name}?` : `${name} cannot be imported`}
      </AlertDialog.Title>
      {failure ? <FailureNotice failure={failure} /> : null}
      {report ? (
        <AlertDialog.Description render={<div />} className="dialog__text">
          <p>
            The file ({formatBytes(file.size)}) contains {describe(report)}.{' '}
            {report.otherTables.length > 0
              ? `It also has ${formatPlural(report.otherTables.length, 'table')} of another program. `
              : null}
            {intact ? 'The check found no problems.' : null}
          </p>
          <p>
            All data stored here{stats ? ` (${describe(countsOf(stats))})` : ''} will be{' '}
            <strong>deleted</strong>. This cannot be undone. Download the database first if you may need it.
          </p>
        </AlertDialog.Description>
      ) : null}
      {report && !intact ? (
        <VerifyProblems
          report={report.verification}
          hint="The file opens, but the check found problems. Import it only if you know their cause."
        />
      ) : null}
      <p className="muted" aria-live="polite">
        {replacing}
      </p>
      <div className="dialog__actions">
        <AlertDialog.Close className="button">{report ? 'Cancel' : 'Close'}</AlertDialog.Close>
        {report ? (
          <button
            type="button"
            className="button button--danger"
            disabled={replacing !== undefined}
            onClick={onReplace}
          >
            {replacing === undefined ? 'Replace database' : 'Replacing…'}
          </button>
        ) : null}
      </div>
    </>
  );
}

function describeInspection({ stage, done, total, unit }: Progress, { size }: File): string {
  if (stage === 'read') return `Reading: ${formatBytes(done)} of ${formatBytes(size)}`;
  if (stage === 'check') return 'Opening';
  const of = total === undefined ? '' : ` of ${formatCount(total)}`;
  return `Checking ${stage}: ${formatCount(done)}${of} ${unit}`;
}

function describeReplacing({ stage, done, total = 0 }: Progress, { size }: File): string {
  if (stage === 'read') return `Reading the file: ${formatBytes(done)} of ${formatBytes(size)}`;
  if (stage !== 'image') return 'Checking the file…';
  return `Replacing: ${formatBytes(done)} of ${formatBytes(total)}`;
}

function countsOf({ receiptsTotal, agentsTracked, auditEntries }: Stats): RowCounts {
  return { receipts: receiptsTotal, memories: agentsTracked, auditEntries };
}

function describe({ receipts, memories, auditEntries }: RowCounts): string {
  return [
    formatPlural(receipts, 'receipt'),
    formatPlural(memories, 'memory', 'memories'),
    formatPlural(auditEntries, 'audit entry', 'audit entries'),
  ].join(', ');
}
