import { AlertDialog } from '@base-ui/react/alert-dialog';
import type { Stats } from '@ggen-sim/core';
import { useRef, useState, type ReactNode } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import { failureOf, type Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatBytes, formatPlural } from '../components/format.ts';
import { notify } from '../components/notices.tsx';
import { inspectImage, type ImageReport } from './inspect-image.ts';

/** The chosen file on its way in. */
interface Candidate {
  readonly name: string;
  readonly image: Uint8Array;
  readonly report: ImageReport | undefined;
  readonly failure: Failure | undefined;
}

/** Replaces the database by a file, after checking the file and asking the person. */
export function ImportDatabase({ stats }: { stats: Stats | undefined }): ReactNode {
  const persistence = usePersistence();
  const input = useRef<HTMLInputElement>(null);
  const [candidate, setCandidate] = useState<Candidate>();
  const [busy, setBusy] = useState(false);

  const inspect = async (file: File): Promise<void> => {
    setBusy(true);
    const image = new Uint8Array(await file.arrayBuffer());
    const chosen = { name: file.name, image };
    try {
      setCandidate({ ...chosen, report: await inspectImage(image), failure: undefined });
    } catch (error) {
      setCandidate({ ...chosen, report: undefined, failure: named(failureOf(error), file.name) });
    } finally {
      setBusy(false);
    }
  };
  const replace = async ({ name, image, report }: Candidate): Promise<void> => {
    setBusy(true);
    try {
      await persistence.importImage(image);
      setCandidate(undefined);
      notify('Database replaced', `${name} is now what is stored here.`);
    } catch (error) {
      setCandidate({ name, image, report, failure: reportDatabaseFailure(error) });
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      <button type="button" className="button" disabled={busy} onClick={() => input.current?.click()}>
        {busy && candidate === undefined ? 'Checking…' : 'Import a database…'}
      </button>
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
        onOpenChange={(open) => (open ? undefined : setCandidate(undefined))}
      >
        <AlertDialog.Portal>
          <AlertDialog.Backdrop className="dialog-backdrop" />
          <AlertDialog.Popup className="dialog">
            {candidate === undefined ? null : (
              <ImportQuestion
                candidate={candidate}
                stats={stats}
                busy={busy}
                onReplace={() => void replace(candidate)}
              />
            )}
          </AlertDialog.Popup>
        </AlertDialog.Portal>
      </AlertDialog.Root>
    </>
  );
}

function ImportQuestion({
  candidate,
  stats,
  busy,
  onReplace,
}: {
  candidate: Candidate;
  stats: Stats | undefined;
  busy: boolean;
  onReplace: () => void;
}): ReactNode {
  const { name, image, report, failure } = candidate;
  const sound = report?.verification.ok === true;
  return (
    <>
      <AlertDialog.Title>
        {report ? `Replace the database by ${name}?` : `${name} cannot be imported`}
      </AlertDialog.Title>
      {failure ? <FailureNotice failure={failure} /> : null}
      {report ? (
        <AlertDialog.Description render={<div />} className="dialog__text">
          <p>
            The file ({formatBytes(image.byteLength)}) holds {describe(report.stats)}.{' '}
            {sound ? 'It was checked and is sound.' : null}
          </p>
          <p>
            What is stored here now, {stats ? describe(stats) : 'whatever it is'}, will be{' '}
            <strong>gone</strong>. It cannot be undone; download it first if you may need it.
          </p>
        </AlertDialog.Description>
      ) : null}
      {report && !sound ? (
        <FailureNotice
          failure={{
            code: 'VERIFY',
            message: report.verification.problems.map(({ message }) => message).join('; '),
            hint: 'The file opens, but something in it is wrong. Import it only if you know why.',
          }}
        />
      ) : null}
      <div className="dialog__actions">
        <AlertDialog.Close className="button">{report ? 'Keep what is here' : 'Close'}</AlertDialog.Close>
        {report ? (
          <button type="button" className="button button--danger" disabled={busy} onClick={onReplace}>
            {busy ? 'Replacing…' : 'Replace the database'}
          </button>
        ) : null}
      </div>
    </>
  );
}

/** The file was looked at in memory, under a name nobody gave it. */
function named(failure: Failure, fileName: string): Failure {
  return { ...failure, message: failure.message.replaceAll(':memory:', fileName) };
}

function describe({ receiptsTotal, agentsTracked, auditEntries }: Stats): string {
  return [
    formatPlural(receiptsTotal, 'receipt'),
    formatPlural(agentsTracked, 'memory', 'memories'),
    formatPlural(auditEntries, 'audit entry', 'audit entries'),
  ].join(', ');
}
