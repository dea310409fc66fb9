import { AlertDialog } from '@base-ui/react/alert-dialog';
import type { Stats } from '@ggen-sim/core';
import { useState, type ReactNode } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { formatPlural } from '../components/format.ts';
import { notify, notifyFailure } from '../components/notices.tsx';
import { useSync } from '../sync/page-sync.ts';
import '../components/dialog.css';

/** Deletes all rows, after a confirmation. */
export function ResetDatabase({ stats }: { stats: Stats | undefined }): ReactNode {
  const persistence = usePersistence();
  const [open, setOpen] = useState(false);
  const reset = async (): Promise<void> => {
    try {
      await persistence.reset();
      notify('All data deleted');
    } catch (error) {
      notifyFailure('Could not delete the data', reportDatabaseFailure(error));
    } finally {
      setOpen(false);
    }
  };
  const isSynchronised = useSync().phase === 'set up';
  const rows = stats ? stats.receiptsTotal + stats.agentsTracked + stats.auditEntries : 0;
  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <div>
        <AlertDialog.Trigger className="button button--danger">Delete all data…</AlertDialog.Trigger>
      </div>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="dialog-backdrop" />
        <AlertDialog.Popup className="dialog">
          <AlertDialog.Title>Delete all data?</AlertDialog.Title>
          <AlertDialog.Description>
            This deletes all receipts, agent memory (including sessions) and audit entries (
            {formatPlural(rows, 'row')}), in every tab. This cannot be undone. Download the database first if
            you may need it.
            {isSynchronised
              ? ' This database is synchronised: what its hub has is read again. Disconnect it first, if that is not what you want.'
              : null}
          </AlertDialog.Description>
          <div className="dialog__actions">
            <AlertDialog.Close className="button">Cancel</AlertDialog.Close>
            <button type="button" className="button button--danger" onClick={() => void reset()}>
              Delete all data
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
