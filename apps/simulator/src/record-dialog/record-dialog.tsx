import { Dialog } from '@base-ui/react/dialog';
import type { TableName } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import type { Address, View } from '../address/address.ts';
import { closeRecord, openRecord } from '../address/navigation.ts';
import { FailureBoundary } from '../components/failure-boundary.tsx';
import { printable } from '../components/printable.ts';
import { shownRows } from '../tables/shown-rows.ts';
import { AuditRecord } from './audit-record.tsx';
import { MemoryRecord } from './memory-record.tsx';
import { ReceiptRecord } from './receipt-record.tsx';
import '../components/dialog.css';
import './record-dialog.css';

/** Shows the record of the address in full, above the list from which it was opened. */
export function RecordDialog({ address }: { address: Address }): ReactNode {
  const { view, record } = address;
  const isOpen = record !== undefined && TABLES[view] !== undefined;
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => (open ? undefined : closeRecord())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="dialog-backdrop" />
        <Dialog.Popup className="record-dialog">
          {isOpen ? (
            <>
              <header className="record-dialog__head">
                <Dialog.Title className="record-dialog__title">{titleOf(view, record)}</Dialog.Title>
                <Neighbours view={view} record={record} />
                <Dialog.Close className="icon-button" aria-label="Close details">
                  ×
                </Dialog.Close>
              </header>
              <div className="record-dialog__body">
                <FailureBoundary key={record}>
                  {view === 'receipts' ? <ReceiptRecord receiptId={record} /> : null}
                  {view === 'memory' ? <MemoryRecord agentId={record} /> : null}
                  {view === 'audit' ? <AuditRecord auditId={record} /> : null}
                </FailureBoundary>
              </div>
            </>
          ) : null}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Opens the records before and after the open one, in the order of the list, as far as it has been loaded. */
function Neighbours({ view, record }: { view: View; record: string }): ReactNode {
  const table = TABLES[view];
  const rows = (table && shownRows.get(table)) ?? [];
  const index = rows.indexOf(record);
  if (index < 0) return null;
  const [previous, next] = [rows[index - 1], rows[index + 1]];
  return (
    <div className="record-dialog__neighbours">
      <button
        type="button"
        className="button"
        disabled={previous === undefined}
        onClick={() => previous !== undefined && openRecord(previous)}
      >
        Previous
      </button>
      <button
        type="button"
        className="button"
        disabled={next === undefined}
        onClick={() => next !== undefined && openRecord(next)}
      >
        Next
      </button>
    </div>
  );
}

/** The tables of the views that have records. */
const TABLES: Readonly<Partial<Record<View, TableName>>> = {
  receipts: 'receipts',
  memory: 'agent_memory',
  audit: 'audit_log',
};

function titleOf(view: View, record: string): string {
  if (view === 'receipts') return 'Receipt';
  return view === 'memory' ? `Memory of ${printable(record)}` : 'Audit entry';
}
