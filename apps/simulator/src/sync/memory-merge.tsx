/** Loaded with the first memory that was in a conflict. */
import { showTime, type MemoryRow, type Persistence, type TableName } from '@ggen-sim/core';
import type { ConflictVersion } from '@ggen-sim/sync';
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { shortHash } from '../components/format.ts';
import { withoutLayout, withSortedMembers } from '../components/json-layout.ts';
import { notify } from '../components/notices.tsx';
import { parsedJson } from '../components/parsed-json.ts';
import { printable } from '../components/printable.ts';
import { StatusMark } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { reportDatabaseFailure } from '../database/database.ts';
import { useDatabaseState } from '../database/use-database-state.ts';
import type { Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { useLiveQuery } from '../database/use-live-query.ts';
import { TextComparison } from '../editor/text-comparison-view.tsx';
import { useLoadedEditor } from '../editor/use-loaded-editor.ts';
import { formatted } from '../record-dialog/json-text.tsx';
import { conflictsOf, mergeSeen, seenOf, type Seen, type SeenConflicts } from './running-sync.ts';
import './memory-merge.css';

const TABLES: readonly TableName[] = ['agent_memory', 'audit_log'];

/** Texts that were edited and not saved, by the conflicts that they are to end: closing the dialog loses none. */
const drafts = new Map<string, { readonly text: string; readonly memoryJson: string }>();

/** A text that was begun before a removal is none, because it has what was removed. */
function draftOf(seen: Seen): string | undefined {
  const draft = drafts.get(keyOf(seen));
  return draft?.memoryJson === seen.memoryJson ? draft.text : undefined;
}

function keepDraft(seen: Seen, text: string): void {
  drafts.set(keyOf(seen), { text, memoryJson: seen.memoryJson });
  addEventListener('beforeunload', askBeforeUnload);
}

function dropDraft(seen: Seen): void {
  drafts.delete(keyOf(seen));
  // Pages that listen for it stay out of the back-forward cache of some browsers.
  if (drafts.size === 0) removeEventListener('beforeunload', askBeforeUnload);
}

/** Drafts are in no storage, which would keep what somebody removes meanwhile. */
function askBeforeUnload(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Shows a memory that several machines saved without knowing of each other, and merges it. */
export function MemoryMerge({ memory }: { memory: MemoryRow }): ReactNode {
  const { agentId, version, memoryJson } = memory;
  const query = useCallback(
    (persistence: Persistence) => conflictsOf(persistence, agentId, false),
    [agentId],
  );
  const { value: conflicts, failure } = useLiveQuery(query, TABLES);
  const seen = useMemo(
    () => (conflicts === undefined ? undefined : seenOf({ agentId, version, memoryJson }, conflicts)),
    [agentId, version, memoryJson, conflicts],
  );
  /** Kept while it is edited: what arrives meanwhile takes no text away. */
  const [edited, setEdited] = useState<{ readonly seen: Seen; readonly other: ConflictVersion }>();
  /** Kept when another version takes the place of what was shown: it is why the merge was refused. */
  const [refused, setRefused] = useState<Failure>();
  const shown = edited?.seen ?? seen;
  if (failure) return <FailureNotice failure={failure} />;
  if (shown === undefined) return refused === undefined ? null : <FailureNotice failure={refused} />;
  return (
    <Conflict
      key={keyOf(shown)}
      failure={refused}
      onFailure={setRefused}
      seen={shown}
      isCurrent={seen !== undefined && isSame(seen, shown)}
      edited={edited?.other}
      onEdit={(other) => setEdited(other && { seen: shown, other })}
    />
  );
}

function Conflict({
  seen,
  isCurrent,
  edited,
  onEdit,
  failure,
  onFailure,
}: {
  seen: Seen;
  /** False where another version was saved, or has arrived, since. */
  isCurrent: boolean;
  /** The version that the text is edited beside; undefined while none is edited. */
  edited: ConflictVersion | undefined;
  onEdit: (beside: ConflictVersion | undefined) => void;
  failure: Failure | undefined;
  onFailure: (failure: Failure | undefined) => void;
}): ReactNode {
  const persistence = usePersistence();
  const state = useDatabaseState();
  const readOnly = state.phase === 'open' && state.server?.readOnly === true;
  const { contents, failure: unreadable } = useContents(seen);
  const [chosen, setChosen] = useState(seen.others[0].hash);
  /** Shown and refused, and not `disabled`, which would take the focus away. */
  const [busy, setBusy] = useState(false);
  const { used, others } = seen;
  const other = edited ?? others.find(({ hash }) => hash === chosen) ?? others[0];
  const [usedJson, otherJson] = [used, other].map(({ hash }) => contents?.get(hash) ?? undefined);
  const draft = draftOf(seen);
  const [usedText, otherText] = [useLaidOut(usedJson), useLaidOut(otherJson)];
  const text = draft ?? usedText;
  const editButton = useRef<HTMLButtonElement>(null);
  /** The button that has the focus leaves when the editor comes, and when it goes. */
  const wasEdited = useRef(edited !== undefined);
  useEffect(() => {
    if (wasEdited.current && edited === undefined) editButton.current?.focus();
    wasEdited.current = edited !== undefined;
  }, [edited]);

  const save = async (merged: { readonly hash: string } | { readonly memory: string }): Promise<void> => {
    if (busy) return;
    setBusy(true);
    onFailure(undefined);
    try {
      const saved = await mergeSeen(persistence, seen, merged);
      dropDraft(seen);
      onEdit(undefined);
      notify('Memory merged', `Version ${saved.version} goes to the other machines.`);
    } catch (error) {
      onFailure(reportDatabaseFailure(error));
    }
    setBusy(false);
  };
  const saveText = (): Promise<void> => {
    const typed = draftOf(seen) ?? text;
    if (parsedJson(typed) !== undefined) return save({ memory: withoutLayout(typed) });
    onFailure({
      code: 'INVALID_JSON',
      message: `This is not valid JSON: ${reasonOf(typed)}`,
      hint: undefined,
    });
    return Promise.resolve();
  };
  return (
    <section aria-label="Conflict" className="memory-merge">
      <h3 className="status status--warning">
        <StatusMark tone="warning" />
        Several machines saved this memory at once
      </h3>
      <p className="muted">In use is {nameOf(used)}, on all machines. A merge is the version after both.</p>
      {edited === undefined && others.length > 1 ? (
        <label className="memory-merge__versions">
          Other version
          <select className="field" value={other.hash} onChange={({ target }) => setChosen(target.value)}>
            {others.map((version) => (
              <option key={version.hash} value={version.hash}>
                {nameOf(version)}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      {unreadable ? <FailureNotice failure={unreadable} /> : null}
      {contents === undefined && unreadable === undefined ? <p className="muted">Loading…</p> : null}
      {contents !== undefined && (usedJson === undefined || otherJson === undefined) ? (
        <p className="muted">
          What {otherJson === undefined ? 'the other version' : 'the version in use'} held was removed.
        </p>
      ) : null}
      {usedJson !== undefined && otherJson !== undefined ? (
        edited === undefined && usedText === otherText ? (
          <p>Both say the same.</p>
        ) : edited === undefined ? (
          <TextComparison
            before={otherText}
            after={usedText}
            beforeLabel={`Other: ${nameOf(other)}`}
            afterLabel={`In use: ${nameOf(used)}`}
          />
        ) : (
          <MergedText content={text} other={otherText} onEdit={(content) => keepDraft(seen, content)} />
        )
      ) : null}
      {isCurrent ? null : (
        <p className="status status--warning" role="status">
          <StatusMark tone="warning" />
          This memory was saved again, or removed, meanwhile. Copy what you need of this text, and cancel to
          see what is stored.
        </p>
      )}
      {failure === undefined ? null : <FailureNotice failure={failure} />}
      {readOnly ? (
        <Commands hash={other.hash} />
      ) : (
        <div className="memory-merge__versions">
          {edited === undefined ? (
            <>
              <button
                type="button"
                className="button"
                aria-disabled={busy}
                disabled={usedJson === undefined}
                onClick={() => void save({ hash: used.hash })}
              >
                Keep the one in use
              </button>
              <button
                type="button"
                className="button"
                aria-disabled={busy}
                disabled={otherJson === undefined}
                onClick={() => void save({ hash: other.hash })}
              >
                Take the other
              </button>
              <button
                type="button"
                className="button"
                aria-disabled={busy}
                disabled={usedJson === undefined || otherJson === undefined}
                ref={editButton}
                onClick={() => {
                  if (!busy) onEdit(other);
                }}
              >
                {draft !== undefined ? 'Go on with the merge…' : 'Edit a merge…'}
              </button>
            </>
          ) : (
            <>
              <button
                type="button"
                className="button button--primary"
                aria-disabled={busy}
                onClick={() => void saveText()}
              >
                {busy ? 'Saving…' : 'Save the merge'}
              </button>
              <button
                type="button"
                className="button"
                disabled={busy}
                onClick={() => {
                  dropDraft(seen);
                  onFailure(undefined);
                  onEdit(undefined);
                }}
              >
                Cancel
              </button>
            </>
          )}
        </div>
      )}
    </section>
  );
}

/** The text that is to be saved, with the lines of the other version between its own. */
function MergedText({
  content,
  other,
  onEdit,
}: {
  content: string;
  other: string;
  onEdit: (content: string) => void;
}): ReactNode {
  const { host, failure } = useLoadedEditor(async () => {
    const { createMergeEditor } = await import('../editor/merge-editor.ts');
    return (element) => createMergeEditor({ host: element, content, other, label: 'Merged memory', onEdit });
  });
  if (failure) return <FailureNotice failure={failure} />;
  return (
    <>
      <p className="muted">
        This text is saved. It begins with the memory in use; what the other one has instead is between the
        lines.
      </p>
      <div ref={host} className="memory-merge__editor" />
    </>
  );
}

/** Says how a studio that only reads is left for a merge. */
function Commands({ hash }: { hash: string }): ReactNode {
  return (
    <p className="muted memory-merge__command">
      This studio only reads: start it with <code>--write</code> to merge here. On the command line,{' '}
      <code>
        ggen-sim db memory merge AGENT_ID --take <StoredText text={hash} />
      </code>{' '}
      takes the other version.
    </p>
  );
}

/** Reads the memories of conflicts, which only a removal changes, then the stored one too. A memory that was removed is null. */
function useContents({ agentId, memoryJson: stored, used, others }: Seen): {
  readonly contents: ReadonlyMap<string, string | null> | undefined;
  readonly failure: Failure | undefined;
} {
  const persistence = usePersistence();
  const hashes = [used, ...others].map(({ hash }) => hash).join(' ');
  const [read, setRead] = useState<{
    readonly contents: ReadonlyMap<string, string | null> | undefined;
    readonly failure: Failure | undefined;
  }>({ contents: undefined, failure: undefined });
  useEffect(() => {
    let mounted = true;
    const readAll = async (): Promise<void> => {
      try {
        const conflicts = await conflictsOf(persistence, agentId, true);
        const contents = new Map(
          conflicts
            .flatMap(({ winner, loser }) => [winner, loser])
            .map(({ hash, memoryJson }) => [hash, memoryJson ?? null] as const),
        );
        if (mounted) setRead({ contents, failure: undefined });
      } catch (error) {
        if (mounted) setRead({ contents: undefined, failure: reportDatabaseFailure(error) });
      }
    };
    void readAll();
    return () => {
      mounted = false;
    };
  }, [persistence, agentId, hashes, stored]);
  return read;
}

function isSame(one: Seen, other: Seen): boolean {
  return keyOf(one) === keyOf(other) && one.version === other.version && one.memoryJson === other.memoryJson;
}

function keyOf({ auditIds }: SeenConflicts): string {
  return auditIds.toSorted().join(' ');
}

/** Lays a memory out for a comparison, once: another order of the members is no difference. Without a memory, it is empty. */
function useLaidOut(json: string | undefined): string {
  return useMemo(() => {
    if (json === undefined) return '';
    return formatted(parsedJson(json) === undefined ? json : withSortedMembers(json));
  }, [json]);
}

function nameOf({ version, lastUpdated, hash }: ConflictVersion): string {
  return `version ${version} (${shortHash(hash)}), ${printable(showTime(lastUpdated))} UTC`;
}

function reasonOf(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
