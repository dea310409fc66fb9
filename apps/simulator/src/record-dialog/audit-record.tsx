import { showTime, type AuditRow } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { CopyableText } from '../components/copyable-text.tsx';
import { DescriptionList } from '../components/description-list.tsx';
import { formatDuration } from '../components/format.ts';
import { Status } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { AgentLink } from './agent-link.tsx';
import { Recorded } from './recorded.tsx';
import { readAudit } from './stored-record.ts';

/** Shows an audit entry in full. */
export function AuditRecord({ auditId }: { auditId: string }): ReactNode {
  return (
    <Recorded id={auditId} table="audit_log" read={readAudit}>
      {(entry) => <AuditDetails entry={entry} />}
    </Recorded>
  );
}

function AuditDetails({ entry }: { entry: AuditRow }): ReactNode {
  return (
    <DescriptionList
      items={[
        ['Status', <Status key="status" status={entry.status} />],
        ['Time', `${showTime(entry.timestamp)} UTC`],
        ['Agent', <AgentLink key="agent" view="audit" agentId={entry.agentId} />],
        ['Operation', <StoredText key="operation" text={entry.operation} />],
        ['Operation type', <StoredText key="type" text={entry.operationType ?? '–'} />],
        ['Duration', formatDuration(entry.durationMs)],
        ['Details', <StoredText key="details" text={entry.details ?? '–'} />],
        ['Error message', <StoredText key="message" text={entry.errorMessage ?? '–'} />],
        ['Audit ID', <CopyableText key="id" text={entry.auditId} />],
      ]}
    />
  );
}
