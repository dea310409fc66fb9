import type { ValidationReceipt } from '@ggen-sim/agents';
import { showTime } from '@ggen-sim/core';
import { Dialog } from '@base-ui/react/dialog';
import { useEffect, useState, type ReactNode } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatDuration } from '../components/format.ts';
import { FailureBoundary } from '../components/failure-boundary.tsx';
import { parsedJson } from '../components/parsed-json.ts';
import { printable } from '../components/printable.ts';
import { Status } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { ReceiptReport } from '../run/receipt-report.tsx';
import { DescriptionList } from '../components/description-list.tsx';
import { JsonText } from './json-text.tsx';
import { ReceiptDetails } from './receipt-details.tsx';
import type { SelectedRecord } from './selected-record.ts';
import './record-dialog.css';

/** Shows one stored record in full. */
export function RecordDialog({
  record,
  onClose,
}: {
  record: SelectedRecord | undefined;
  onClose: () => void;
}): ReactNode {
  return (
    <Dialog.Root open={record !== undefined} onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="dialog-backdrop" />
        <Dialog.Popup className="record-dialog">
          {record === undefined ? null : (
            <>
              <header className="record-dialog__head">
                <Dialog.Title className="record-dialog__title">{titleOf(record)}</Dialog.Title>
                <Dialog.Close className="icon-button" aria-label="Close details">
                  ×
                </Dialog.Close>
              </header>
              <div className="record-dialog__body">
                <FailureBoundary>
                  {record.table === 'audit_log' ? (
                    <AuditDetails entry={record.entry} />
                  ) : (
                    <StoredJson key={keyOf(record)} record={record} />
                  )}
                </FailureBoundary>
              </div>
            </>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function titleOf(record: SelectedRecord): string {
  if (record.table === 'receipts') return 'Receipt';
  return record.table === 'agent_memory' ? `Memory of ${printable(record.agentId)}` : 'Audit entry';
}

function keyOf(record: Exclude<SelectedRecord, { table: 'audit_log' }>): string {
  return record.table === 'receipts' ? record.receipt.receiptId : record.agentId;
}

function AuditDetails({
  entry,
}: {
  entry: Extract<SelectedRecord, { table: 'audit_log' }>['entry'];
}): ReactNode {
  return (
    <DescriptionList
      items={[
        ['Status', <Status key="status" status={entry.status} />],
        ['Time', `${showTime(entry.timestamp)} UTC`],
        ['Agent', <StoredText key="agent" text={entry.agentId} />],
        ['Operation', <StoredText key="operation" text={entry.operation} />],
        ['Operation type', <StoredText key="type" text={entry.operationType ?? '–'} />],
        ['Duration', formatDuration(entry.durationMs)],
        ['Details', <StoredText key="details" text={entry.details ?? '–'} />],
        ['Error message', <StoredText key="message" text={entry.errorMessage ?? '–'} />],
        [
          'Audit ID',
          <code key="id">
            <StoredText text={entry.auditId} />
          </code>,
        ],
      ]}
    />
  );
}

function StoredJson({ record }: { record: Exclude<SelectedRecord, { table: 'audit_log' }> }): ReactNode {
  const persistence = usePersistence();
  const [json, setJson] = useState<string>();
  const [failure, setFailure] = useState<Failure>();
  useEffect(() => {
    const stored =
      record.table === 'receipts'
        ? persistence.getReceipt(record.receipt.receiptId)
        : persistence.getMemory(record.agentId);
    stored.then(setJson, (error: unknown) => setFailure(reportDatabaseFailure(error)));
  }, [persistence, record]);
  if (failure) return <FailureNotice failure={failure} />;
  if (json === undefined) return <p className="muted">Loading…</p>;
  return (
    <>
      {record.table === 'receipts' ? (
        <ReceiptDetails receipt={record.receipt} />
      ) : (
        <DescriptionList
          items={[
            ['Version', <StoredText key="version" text={record.version} />],
            ['Last updated', `${showTime(record.lastUpdated)} UTC`],
          ]}
        />
      )}
      {record.table === 'receipts' ? (
        <FailureBoundary>
          <ValidationReport json={json} />
        </FailureBoundary>
      ) : null}
      <JsonText json={json} />
    </>
  );
}

/** Shows the report of a validation receipt; other receipts are shown as JSON only. */
function ValidationReport({ json }: { json: string }): ReactNode {
  const receipt = parsedJson(json) as Partial<ValidationReceipt> | null | undefined;
  if (receipt?.kind !== 'validation-receipt') return null;
  return <ReceiptReport label="Validation report" receipt={receipt as ValidationReceipt} />;
}
