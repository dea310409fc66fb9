import { AlertDialog } from '@base-ui/react/alert-dialog';
import type { RowCounts, Stats } from '@ggen-sim/core';
import { useRef, useState, type ReactNode } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { FilePicker } from '../components/file-picker.tsx';
import { formatBytes, formatPlural } from '../components/format.ts';
import { notify } from '../components/notices.tsx';
import {
  backupReplacement,
  describeInspection,
  describeReplacing,
  fileReplacement,
  type Inspection,
  type Replacement,
} from './replacement.ts';
import { VerifyProblems } from './verify-problems.tsx';
import '../components/dialog.css';

/** The selected file or backup with the result of its check. */
interface Candidate {
  readonly replacement: Replacement;
  readonly report: Inspection | undefined;
  readonly failure: Failure | undefined;
}

/** Replaces the database with a file or a backup, after a check and a confirmation. */
export function ImportDatabase({ stats }: { stats: Stats | undefined }): ReactNode {
  const persistence = usePersistence();
  const input = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  const [candidate, setCandidate] = useState<Candidate>();
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController>(undefined);
  const [progress, setProgress] = useState<string>();
  const [replacing, setReplacing] = useState<string>();

  const inspect = async (replacement: Replacement): Promise<void> => {
    const controller = new AbortController();
    const { signal } = controller;
    running.current = controller;
    setBusy(true);
    setProgress('Reading');
    try {
      const report = await replacement.inspect(persistence, {
        signal,
        onProgress: (step) => {
          if (running.current === controller) setProgress(describeInspection(step, replacement));
        },
      });
      setCandidate({ replacement, report, failure: undefined });
    } catch (error) {
      if (signal.aborted) return;
      setCandidate({ replacement, report: undefined, failure: reportDatabaseFailure(error) });
    } finally {
      running.current = undefined;
      setProgress(undefined);
      setBusy(false);
    }
  };
  const replace = async ({ replacement, report }: Candidate): Promise<void> => {
    const controller = new AbortController();
    const { signal } = controller;
    running.current = controller;
    setBusy(true);
    setReplacing('Checking the file…');
    try {
      await replacement.replace(persistence, {
        signal,
        onProgress: (step) => {
          if (running.current === controller && !signal.aborted) {
            setReplacing(describeReplacing(step, replacement));
          }
        },
      });
      setCandidate(undefined);
      notify('Database imported', `The database now has the content of ${replacement.name}.`);
    } catch (error) {
      if (signal.aborted) {
        setCandidate(undefined);
        notify('Import cancelled', 'The database is as it was.');
      } else setCandidate({ replacement, report, failure: reportDatabaseFailure(error) });
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
      <button type="button" className="button" disabled={busy} onClick={() => folderInput.current?.click()}>
        Restore backup…
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
          if (file) void inspect(fileReplacement(file));
        }}
      />
      <FilePicker
        input={folderInput}
        label="Backup to restore"
        folder
        onFiles={(files) => void inspect(backupReplacement(files))}
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
  const { replacement, report, failure } = candidate;
  const { name, kind, sizeBytes } = replacement;
  const verification = report?.verification;
  return (
    <>
      <AlertDialog.Title>
        {report ? `Replace the database with ${name}?` : `${name} cannot be imported`}
      </AlertDialog.Title>
      {failure ? <FailureNotice failure={failure} /> : null}
      {report ? (
        <AlertDialog.Description render={<div />} className="dialog__text">
          <p>
            {kind} ({formatBytes(sizeBytes)}) contains {describe(report)}.{' '}
            {report.otherTables.length > 0
              ? `It also has ${formatPlural(report.otherTables.length, 'table')} of another program. `
              : null}
            {verification?.ok === false ? null : 'The check found no problems.'}
          </p>
          <p>
            All data stored here{stats ? ` (${describe(countsOf(stats))})` : ''} will be{' '}
            <strong>deleted</strong>. This cannot be undone. Download the database first if you may need it.
          </p>
        </AlertDialog.Description>
      ) : null}
      {verification?.ok === false ? (
        <VerifyProblems
          report={verification}
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
