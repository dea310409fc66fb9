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
import { formatBytes, formatCount, shortHash } from '../components/format.ts';
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
  const shown = versionIn(version) ?? { version: memory.version };
  const compared = versionIn(compare);
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
      {compared === undefined && 'version' in shown && shown.version === memory.version ? (
        <>
          <RecordProof key={shown.version} request={{ agentId }} fileName="memory-proof.json" />
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
  shown: WantedVersion;
  compared: WantedVersion | undefined;
}): ReactNode {
  const { agentId } = memory;
  const query = useCallback((persistence: Persistence) => persistence.memoryHistory(agentId), [agentId]);
  const { value: versions } = useLiveQuery(query, MEMORY);
  if (versions === undefined || versions.length < 2) return null;
  // Machines that synchronise may have saved several of one number, of which the latest has it.
  const found = (wanted: WantedVersion | undefined): MemoryVersion | undefined =>
    versions.find(
      (one) =>
        wanted !== undefined &&
        ('hash' in wanted ? one.hash === wanted.hash : one.version === wanted.version),
    );
  const isNamedByNumber = (one: MemoryVersion): boolean => found({ version: one.version }) === one;
  const addressOf = (one: MemoryVersion): string => (isNamedByNumber(one) ? String(one.version) : one.hash);
  const to = (version: MemoryVersion, compare?: MemoryVersion): string =>
    linkTo({
      view: 'memory',
      record: agentId,
      version: addressOf(version),
      compare: compare && addressOf(compare),
      filters: {},
    });
  const [shownOne, comparedOne] = [found(shown), found(compared)];
  return (
    <section aria-label="Versions" className="memory-versions">
      <h3>{formatCount(versions.length)} versions</h3>
      <ol className="memory-versions__list" tabIndex={0} aria-label="Versions">
        {versions.map((version, index) => {
          const before = versions[index + 1];
          const isShown = version === shownOne;
          return (
            <li key={version.hash} className="memory-versions__version">
              <a href={to(version)} aria-current={isShown && compared === undefined ? 'true' : undefined}>
                Version {version.version}
                {versions.some((one) => one.version === version.version && one !== version)
                  ? ` (${shortHash(version.hash)})`
                  : null}
              </a>
              <span className="muted">
                {showTime(version.lastUpdated)} UTC, {formatBytes(version.sizeBytes)}
              </span>
              {before === undefined ? (
                <span />
              ) : (
                <a
                  href={to(version, before)}
                  aria-current={isShown && comparedOne === before ? 'true' : undefined}
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
  shown: WantedVersion;
  compared: WantedVersion | undefined;
}): ReactNode {
  // Stable, because a new object would be a new query.
  const wanted = JSON.stringify([shown, compared]);
  const query = useCallback(
    async (persistence: Persistence) => {
      const [ofAfter, ofBefore] = JSON.parse(wanted) as [WantedVersion, WantedVersion | null];
      const after = await persistence.getMemory({ agentId, ...ofAfter });
      const before = ofBefore === null ? undefined : await persistence.getMemory({ agentId, ...ofBefore });
      return { after, before };
    },
    [agentId, wanted],
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
      beforeLabel={nameOf(compared)}
      afterLabel={nameOf(shown)}
    />
  );
}

/** A version of an address: by its number, or by its hash where another one has the number. */
type WantedVersion = { readonly version: number } | { readonly hash: string };

/** Reads a version from an address. */
function versionIn(text: string | undefined): WantedVersion | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/u.test(text)) return { version: Number(text) };
  return /^[0-9a-f]{64}$/u.test(text) ? { hash: text } : undefined;
}

function nameOf(wanted: WantedVersion | undefined): string {
  if (wanted === undefined) return '';
  return 'hash' in wanted ? `Version (${shortHash(wanted.hash)})` : `Version ${wanted.version}`;
}
