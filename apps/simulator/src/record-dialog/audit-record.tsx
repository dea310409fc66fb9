import { showTime, type AuditRow } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { CopyableText } from '../components/copyable-text.tsx';
import { DescriptionList } from '../components/description-list.tsx';
import { formatDuration } from '../components/format.ts';
import { Status } from '../components/status.tsx';
import { textOf } from '../components/printable.ts';
import { StoredText } from '../components/stored-text.tsx';
import { linkTo } from '../address/navigation.ts';
import { durationOf } from '../tables/joined-entries.ts';
import { AgentLink } from './agent-link.tsx';
import { RecordProof } from './record-proof.tsx';
import { Recorded } from './recorded.tsx';
import { readAudit, type AuditPair } from './stored-record.ts';

/** Shows an audit entry in full. */
export function AuditRecord({ auditId }: { auditId: string }): ReactNode {
  return (
    <Recorded id={auditId} table="audit_log" read={readAudit}>
      {(pair) => (
        <>
          <AuditDetails {...pair} />
          <RecordProof key={auditId} request={{ auditId }} fileName={`proof-${auditId}.json`} />
        </>
      )}
    </Recorded>
  );
}

function AuditDetails({ entry, partner }: AuditPair): ReactNode {
  const isStart = entry.status === 'started';
  const durationMs = isStart
    ? partner && durationOf({ entry: partner, start: entry })
    : durationOf({ entry, start: partner });
  return (
    <DescriptionList
      items={[
        ['Status', <Status key="status" status={entry.status} />],
        [isStart ? 'Started' : 'Time', `${showTime(entry.timestamp)} UTC`],
        ...(isStart || partner ? [partnerItem(isStart, partner)] : []),
        ['Agent', <AgentLink key="agent" view="audit" agentId={entry.agentId} />],
        ['Operation', <StoredText key="operation" text={entry.operation} />],
        ['Operation type', <StoredText key="type" text={entry.operationType ?? '–'} />],
        ['Duration', formatDuration(durationMs)],
        ['Details', <StoredText key="details" text={entry.details ?? '–'} />],
        ['Error message', <StoredText key="message" text={entry.errorMessage ?? '–'} />],
        ['Audit ID', <CopyableText key="id" text={entry.auditId} />],
      ]}
    />
  );
}

/** Shows the other entry of the operation, as a link. */
function partnerItem(isStart: boolean, partner: AuditRow | undefined): [string, ReactNode] {
  if (partner === undefined) return ['Ended', 'no end is stored'];
  return [
    isStart ? 'Ended' : 'Started',
    <span key="partner">
      {showTime(partner.timestamp)} UTC{isStart ? <>, {partner.status}</> : null} (
      <a href={linkTo({ view: 'audit', record: textOf(partner.auditId), filters: {} })}>open this entry</a>)
    </span>,
  ];
}
