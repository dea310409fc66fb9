import {
  showTime,
  type MemoryRow,
  type MemoryVersion,
  type Persistence,
  type TableName,
} from '@ggen-sim/core';
import { lazy, Suspense, useCallback, type ReactNode } from 'react';
import { linkTo, useAddress } from '../address/navigation.ts';
import { CopyableText } from '../components/copyable-text.tsx';
import { DescriptionList } from '../components/description-list.tsx';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatBytes, formatCount } from '../components/format.ts';
import { StoredText } from '../components/stored-text.tsx';
import { useLiveQuery } from '../database/use-live-query.ts';
import { TextComparison } from '../editor/text-comparison-view.tsx';
import { AgentLink } from './agent-link.tsx';
import { formatted, JsonText } from './json-text.tsx';
import { RecordProof } from './record-proof.tsx';
import { Recorded } from './recorded.tsx';
import { readMemory } from './stored-record.ts';
import './memory-record.css';

/** Shows the memory of an agent: the current version or an earlier one, or what changed between two. */
export function MemoryRecord({ agentId }: { agentId: string }): ReactNode {
  return (
    <Recorded id={agentId} table="agent_memory" read={readMemory}>
      {(memory) => <MemoryView memory={memory} />}
    </Recorded>
  );
}

const MEMORY: readonly TableName[] = ['agent_memory'];
const AUDIT: readonly TableName[] = ['audit_log'];

// Loaded with the first memory that was in a conflict.
const MemoryMerge = lazy(async () => ({ default: (await import('../sync/memory-merge.tsx')).MemoryMerge }));

/** Shows the conflict of a memory, if a synchronisation has ever met one. */
function MemoryConflict({ memory }: { memory: MemoryRow }): ReactNode {
  const { agentId } = memory;
  const query = useCallback(
    async (persistence: Persistence) =>
      await persistence.queryAuditTrail({
        operation: 'memory_conflict',
        operationType: 'sync',
        agentExact: agentId,
        since: '0001-01-01',
        limit: 1,
      }),
    [agentId],
  );
  const { value: entries = [] } = useLiveQuery(query, AUDIT);
  if (entries.length === 0) return null;
  return (
    <Suspense fallback={null}>
      <MemoryMerge key={agentId} memory={memory} />
    </Suspense>
  );
}

function MemoryView({ memory }: { memory: MemoryRow }): ReactNode {
  const { agentId, memoryJson, lastUpdated } = memory;
  const { version, compare } = useAddress();
  const shown = wholeNumber(version) ?? memory.version;
  const compared = wholeNumber(compare);
  return (
    <>
      <DescriptionList
        items={[
          ['Version', <StoredText key="version" text={memory.version} />],
          ['Last updated', `${showTime(lastUpdated)} UTC`],
          ['Receipts of', <AgentLink key="receipts" view="receipts" agentId={agentId} />],
          ['Memory ID', <CopyableText key="id" name="memory ID" text={memory.memoryId} />],
        ]}
      />
      <MemoryConflict memory={memory} />
      <Versions memory={memory} shown={shown} compared={compared} />
      {compared === undefined && shown === memory.version ? (
        <>
          <RecordProof key={shown} request={{ agentId }} fileName="memory-proof.json" />
          <JsonText json={memoryJson} />
        </>
      ) : (
        <EarlierVersion agentId={agentId} shown={shown} compared={compared} />
      )}
    </>
  );
}

/** Lists the versions as links; each but the first can be compared with the one before. */
function Versions({
  memory,
  shown,
  compared,
}: {
  memory: MemoryRow;
  shown: number;
  compared: number | undefined;
}): ReactNode {
  const { agentId } = memory;
  const query = useCallback((persistence: Persistence) => persistence.memoryHistory(agentId), [agentId]);
  const { value: versions } = useLiveQuery(query, MEMORY);
  if (versions === undefined || versions.length < 2) return null;
  const to = (version: MemoryVersion, compare?: number): string =>
    linkTo({
      view: 'memory',
      record: agentId,
      version: String(version.version),
      compare: compare === undefined ? undefined : String(compare),
      filters: {},
    });
  return (
    <section aria-label="Versions" className="memory-versions">
      <h3>{formatCount(versions.length)} versions</h3>
      <ol className="memory-versions__list" tabIndex={0} aria-label="Versions">
        {versions.map((version, index) => {
          const before = versions[index + 1]?.version;
          const isShown = version.version === shown;
          return (
            <li key={version.version} className="memory-versions__version">
              <a href={to(version)} aria-current={isShown && compared === undefined ? 'true' : undefined}>
                Version {version.version}
              </a>
              <span className="muted">
                {showTime(version.lastUpdated)} UTC, {formatBytes(version.sizeBytes)}
              </span>
              {before === undefined ? (
                <span />
              ) : (
                <a
                  href={to(version, before)}
                  aria-current={isShown && compared === before ? 'true' : undefined}
                >
                  What changed
                </a>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function EarlierVersion({
  agentId,
  shown,
  compared,
}: {
  agentId: string;
  shown: number;
  compared: number | undefined;
}): ReactNode {
  const query = useCallback(
    async (persistence: Persistence) => {
      const after = await persistence.getMemory({ agentId, version: shown });
      const before =
        compared === undefined ? undefined : await persistence.getMemory({ agentId, version: compared });
      return { after, before };
    },
    [agentId, shown, compared],
  );
  const { value, failure } = useLiveQuery(query, MEMORY);
  if (failure) return <FailureNotice failure={failure} />;
  if (value === undefined) return <p className="muted">Loading…</p>;
  return value.before === undefined ? (
    <JsonText json={value.after} />
  ) : (
    <TextComparison
      before={formatted(value.before)}
      after={formatted(value.after)}
      beforeLabel={`Version ${compared}`}
      afterLabel={`Version ${shown}`}
    />
  );
}

/** Reads the number of a version from an address. */
function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
