import type { ValidationReceipt } from '@ggen-sim/agents';
import { errorReasonOf, showTime, type ReceiptRow } from '@ggen-sim/core';
import { useMemo, type ReactNode } from 'react';
import { linkTo, useAddress } from '../address/navigation.ts';
import { CopyableText } from '../components/copyable-text.tsx';
import { DescriptionList } from '../components/description-list.tsx';
import { FailureBoundary } from '../components/failure-boundary.tsx';
import { formatDuration } from '../components/format.ts';
import { parsedJson } from '../components/parsed-json.ts';
import { textOf } from '../components/printable.ts';
import { Status } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { ReceiptReport } from '../run/receipt-report.tsx';
import { AgentLink } from './agent-link.tsx';
import { EarlierRuns } from './earlier-runs.tsx';
import { InputList } from './input-list.tsx';
import { JsonText } from './json-text.tsx';
import { ReceiptComparison } from './receipt-comparison.tsx';
import { inputsOf, stagesOf } from './receipt-stages.ts';
import { RecordProof } from './record-proof.tsx';
import { Recorded } from './recorded.tsx';
import { StageWaterfall } from './stage-waterfall.tsx';
import { readReceipt } from './stored-record.ts';

/** Shows a receipt: its columns, whatever its JSON holds, its stages, inputs and report, and its JSON. */
export function ReceiptRecord({ receiptId }: { receiptId: string }): ReactNode {
  return (
    <Recorded id={receiptId} table="receipts" read={readReceipt}>
      {(receipt) => <ReceiptView receipt={receipt} />}
    </Recorded>
  );
}

function ReceiptView({ receipt }: { receipt: ReceiptRow }): ReactNode {
  const { receiptId, receiptJson } = receipt;
  const { compare } = useAddress();
  const parsed = useMemo(() => parsedJson(receiptJson), [receiptJson]);
  return (
    <>
      <Outcome receipt={receipt} parsed={parsed} />
      <ReceiptDetails receipt={receipt} />
      <EarlierRuns receipt={receipt} />
      {compare === undefined ? (
        <>
          <StageWaterfall stages={stagesOf(parsed)} />
          <InputList inputs={inputsOf(parsed)} />
          <FailureBoundary>
            <ValidationReport parsed={parsed} />
          </FailureBoundary>
          <RecordProof key={receiptId} request={{ receiptId }} fileName={`proof-${receiptId}.json`} />
          <JsonText json={receiptJson} />
        </>
      ) : (
        <Recorded id={compare} table="receipts" read={readReceipt}>
          {(earlier) => <ReceiptComparison earlier={earlier} later={receipt} />}
        </Recorded>
      )}
    </>
  );
}

/** Says what came of the execution: data that does not conform is no failure to run. */
function Outcome({ receipt, parsed }: { receipt: ReceiptRow; parsed: unknown }): ReactNode {
  const reason = errorReasonOf(receipt);
  const sentence = reason === undefined ? SENTENCES[receipt.status] : SENTENCES[reason];
  if (sentence === undefined) return null;
  const { error } = (parsed ?? {}) as { readonly error?: { readonly code?: unknown } | null };
  const code = reason === 'failed' && typeof error?.code === 'string' ? error.code : undefined;
  return (
    <p className="record-dialog__outcome">
      <Status status={receipt.status} shown={sentence} />
      {code === undefined ? null : (
        <code>
          <StoredText text={code} />
        </code>
      )}
    </p>
  );
}

const SENTENCES: Readonly<Record<string, string>> = {
  success: 'Succeeded',
  partial: 'Succeeded in part',
  error: 'Ended with an error',
  violations: 'Ran, and the data does not conform',
  failed: 'Failed to run',
};

function ReceiptDetails({ receipt }: { receipt: ReceiptRow }): ReactNode {
  const { status, agentType } = receipt;
  const errorReason = errorReasonOf(receipt);
  return (
    <DescriptionList
      items={[
        [
          'Status',
          <Status key="status" status={status} shown={errorReason && `${status} (${errorReason})`} />,
        ],
        ['Created', `${showTime(receipt.createdAt)} UTC`],
        ['Agent', <AgentLink key="agent" view="receipts" agentId={receipt.agentId} />],
        [
          'Agent type',
          <a key="type" href={linkTo({ view: 'receipts', filters: { type: textOf(agentType) } })}>
            <StoredText text={agentType} />
          </a>,
        ],
        ['Duration', formatDuration(receipt.durationMs)],
        ['Execution', <CopyableText key="execution" name="execution ID" text={receipt.executionId} />],
        ['Receipt ID', <CopyableText key="id" name="receipt ID" text={receipt.receiptId} />],
      ]}
    />
  );
}

/** Shows the report of a validation receipt; other receipts are shown as JSON only. */
function ValidationReport({ parsed }: { parsed: unknown }): ReactNode {
  const receipt = parsed as Partial<ValidationReceipt> | null | undefined;
  if (receipt?.kind !== 'validation-receipt') return null;
  return <ReceiptReport label="Validation report" receipt={receipt as ValidationReceipt} />;
}
