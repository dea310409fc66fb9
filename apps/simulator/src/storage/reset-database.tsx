import { AlertDialog } from '@base-ui/react/alert-dialog';
import type { Stats } from '@ggen-sim/core';
import { useState, type ReactNode } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { formatPlural } from '../components/format.ts';
import { notify, notifyFailure } from '../components/notices.tsx';

/** Empties the database, after asking. */
export function ResetDatabase({ stats }: { stats: Stats | undefined }): ReactNode {
  const persistence = usePersistence();
  const [open, setOpen] = useState(false);
  const reset = async (): Promise<void> => {
    try {
      await persistence.reset();
      notify('Everything was deleted', 'Start a session to begin anew.');
    } catch (error) {
      notifyFailure('Nothing was deleted', reportDatabaseFailure(error));
    } finally {
      setOpen(false);
    }
  };
  const rows = stats ? stats.receiptsTotal + stats.agentsTracked + stats.auditEntries : 0;
  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <div>
        <AlertDialog.Trigger className="button button--danger">Delete everything…</AlertDialog.Trigger>
      </div>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="dialog-backdrop" />
        <AlertDialog.Popup className="dialog">
          <AlertDialog.Title>Delete everything?</AlertDialog.Title>
          <AlertDialog.Description>
            All {formatPlural(rows, 'row')} of receipts, memory (sessions too) and audit trail will be gone,
            in every tab. It cannot be undone; download the database first if you may need it.
          </AlertDialog.Description>
          <div className="dialog__actions">
            <AlertDialog.Close className="button">Keep it</AlertDialog.Close>
            <button type="button" className="button button--danger" onClick={() => void reset()}>
              Delete everything
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
