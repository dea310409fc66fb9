import type { SyncStatus } from '@ggen-sim/sync';
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import { linkTo } from '../address/navigation.ts';
import { viewAddress } from '../address/address.ts';
import { DescriptionList } from '../components/description-list.tsx';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatCount, formatPlural } from '../components/format.ts';
import { StatusMark } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { Timestamp } from '../components/timestamp.tsx';
import type { Failure } from '../database/failure.ts';
import { IS_STUDIO } from '../database/studio.ts';
import { useLiveQuery } from '../database/use-live-query.ts';
import { addressProblem } from './hub-address.ts';
import { secretsFor } from './hub-secrets.ts';
import { disconnect, renewId, synchroniseNow, useSync } from './page-sync.ts';
import { adviceOf, readConflicts, stateOf } from './sync-words.ts';
import { saveKey } from './sync-key.ts';

// Loaded when something is to be entered.
const HubForm = lazy(async () => ({ default: (await import('./hub-form.tsx')).HubForm }));
const SecretsForm = lazy(async () => ({ default: (await import('./hub-form.tsx')).SecretsForm }));

const DOCS = 'https://github.com/ggen-sim/ggen-sim/blob/main/docs/fleet.md';

/** Sets up the synchronisation of the database over a hub, or shows how far it is. */
export function Synchronisation(): ReactNode {
  const view = useSync();
  return (
    <section className="database-panel__part">
      <h3>Synchronisation</h3>
      {view.phase === 'reading' ? <p className="muted">Loading…</p> : null}
      {view.phase === 'failed' ? <Unreadable failure={view.failure} /> : null}
      {view.phase === 'none' ? <NotSetUp /> : null}
      {view.phase === 'set up' ? <SetUp status={view.status} hasToken={view.hasToken} /> : null}
    </section>
  );
}

function Unreadable({ failure }: { failure: Failure }): ReactNode {
  // Nothing is wrong with a database that was never to have one.
  if (failure.code !== 'NO_CHANGE_LOG') return <FailureNotice failure={failure} />;
  return (
    <p className="muted">
      This database has no change log, which a synchronisation needs.{' '}
      <code className="command">ggen-sim db history enable</code> creates it.
    </p>
  );
}

function NotSetUp(): ReactNode {
  const link = (
    <a href={`${DOCS}${IS_STUDIO ? '' : '#the-simulator-page'}`} target="_blank" rel="noreferrer">
      How it works
    </a>
  );
  if (IS_STUDIO) {
    return (
      <p className="muted">
        This file is not synchronised. <code className="command">ggen-sim sync init</code> sets it up. {link}
      </p>
    );
  }
  return (
    <>
      <p className="muted">
        Over a hub (<code className="command">ggen-sim serve --hub</code>), the receipts, memories and audit
        entries of this browser and of your other machines become one. {link}
      </p>
      <Suspense fallback={null}>
        <HubForm />
      </Suspense>
    </>
  );
}

function SetUp({ status, hasToken }: { status: SyncStatus; hasToken: boolean }): ReactNode {
  const { value: agents } = useLiveQuery(readConflicts, CONFLICT_TABLES);
  const { tone, text } = stateOf(status);
  const { lagEntries, lagSeconds, lastError, lastSuccess, refused, target, keyId } = status;
  const items: [string, ReactNode][] = [
    [IS_STUDIO ? 'Over' : 'Hub', <StoredText key="target" text={target ?? ''} />],
    ['Rows', keyId === null ? 'not encrypted before they leave' : <EncryptedRows key="rows" keyId={keyId} />],
    [
      'State',
      <span key="state" className={`status status--${tone}`} role="status">
        <StatusMark tone={tone} />
        {text}
      </span>,
    ],
  ];
  if (lastError !== null) {
    items.push([
      'Reason',
      <span key="why">
        <code>{lastError.code}</code> <StoredText text={lastError.message} />
      </span>,
    ]);
  }
  if (lagEntries > 0) {
    items.push([
      'To send',
      <span key="lag">
        {formatPlural(lagEntries, 'entry', 'entries')}
        {lagSeconds === null ? null : <Since seconds={lagSeconds} />}
      </span>,
    ]);
  }
  items.push(['Last success', lastSuccess === null ? 'none yet' : <Time key="success" time={lastSuccess} />]);
  if (refused > 0) items.push(['Not stored here', formatPlural(refused, 'change')]);
  if (agents !== undefined && agents.length > 0) {
    items.push(['Memory conflicts', <Conflicts key="conflicts" agents={agents} />]);
  }
  // Without a token the page asks for one, and can do nothing else but give a new id.
  const isAdvised = IS_STUDIO || hasToken || lastError?.code === 'FORKED';
  const advice = isAdvised ? adviceOf(status) : undefined;
  return (
    <>
      <DescriptionList items={items} />
      {advice === undefined ? null : <p className="sync__advice">{advice}</p>}
      {IS_STUDIO ? null : <Controls status={status} hasToken={hasToken} />}
    </>
  );
}

/** Names the key, which machines can be compared by. */
function EncryptedRows({ keyId }: { keyId: string }): ReactNode {
  return (
    <>
      encrypted before they leave, with the key{' '}
      <code>
        <StoredText text={keyId} />
      </code>
    </>
  );
}

const CONFLICT_TABLES = ['agent_memory', 'audit_log'] as const;

function Time({ time }: { time: string }): ReactNode {
  return (
    <>
      <Timestamp time={time} /> UTC
    </>
  );
}

function Since({ seconds }: { seconds: number }): ReactNode {
  return (
    <>
      , since <Time time={new Date(Date.now() - seconds * 1000).toISOString()} />
    </>
  );
}

/** Agents that are listed before somebody asks for the others. */
const SHOWN_AGENTS = 5;

/** Links to the memories that two machines saved at once. */
function Conflicts({ agents }: { agents: readonly string[] }): ReactNode {
  const [showsAll, setShowsAll] = useState(false);
  const list = useRef<HTMLSpanElement>(null);
  // The button that has the focus is gone then.
  useEffect(() => {
    if (showsAll) list.current?.querySelectorAll('a')[SHOWN_AGENTS]?.focus();
  }, [showsAll]);
  return (
    <span ref={list}>
      {formatCount(agents.length)}:{' '}
      {(showsAll ? agents : agents.slice(0, SHOWN_AGENTS)).map((agent, index) => (
        <span key={agent}>
          {index > 0 ? ', ' : ''}
          <a href={linkTo({ ...viewAddress('memory'), record: agent })}>
            <StoredText text={agent} />
          </a>
        </span>
      ))}
      {agents.length > SHOWN_AGENTS && !showsAll ? (
        <>
          {', '}
          <button type="button" className="link-button" onClick={() => setShowsAll(true)}>
            and {formatCount(agents.length - SHOWN_AGENTS)} more
          </button>
        </>
      ) : null}
    </span>
  );
}

const SYNCHRONISE = 'Synchronise now';
const DISCONNECT = 'Disconnect';

/** What a user can do about it, in the page of a browser. */
function Controls({ status, hasToken }: { status: SyncStatus; hasToken: boolean }): ReactNode {
  const [busy, setBusy] = useState<string>();
  const [failure, setFailure] = useState<Failure>();
  const run = async (name: string, work: () => Promise<Failure | undefined | void>): Promise<void> => {
    setBusy(name);
    setFailure(undefined);
    setFailure((await work()) ?? undefined);
    setBusy((current) => (current === name ? undefined : current));
  };
  const code = status.lastError?.code;
  const target = status.target ?? '';
  const isHub = addressProblem(target) === undefined;
  const key = secretsFor(target)?.key;
  const isOfKey = code === 'SYNC_KEY_REQUIRED' || code === 'SYNC_WRONG_KEY';
  const button = (
    name: string,
    doing: string,
    work: () => Promise<Failure | undefined | void>,
  ): ReactNode => (
    <button
      type="button"
      className="button"
      // A hub that does not answer can be left meanwhile.
      disabled={busy !== undefined && !(busy === SYNCHRONISE && name === DISCONNECT)}
      onClick={() => void run(name, work)}
    >
      {busy === name ? doing : name}
    </button>
  );
  return (
    <>
      {hasToken ? null : (
        <p className="status status--warning">
          <StatusMark tone="warning" />
          {isHub
            ? 'This tab does not synchronise: it has no token of the hub.'
            : 'This page does not synchronise: it reaches a hub alone, over https:// or on this computer. Disconnect to enter one.'}
        </p>
      )}
      {failure ? <FailureNotice failure={failure} /> : null}
      <div className="database-panel__actions">
        {code === 'FORKED' ? button('Give this database a new id', 'Giving it a new id…', renewId) : null}
        {hasToken ? button(SYNCHRONISE, 'Synchronising…', synchroniseNow) : null}
        {key === undefined ? null : (
          <button type="button" className="button" onClick={() => saveKey(key)}>
            Save the key
          </button>
        )}
        {button(DISCONNECT, 'Disconnecting…', disconnect)}
      </div>
      {isHub && (!hasToken || isOfKey || code === 'SYNC_UNAUTHORIZED') ? (
        <Suspense fallback={null}>
          <SecretsForm
            address={target}
            asks={[
              ...(hasToken && isOfKey ? [] : (['token'] as const)),
              ...(isOfKey || (status.keyId !== null && key === undefined) ? (['key'] as const) : []),
            ]}
          />
        </Suspense>
      ) : null}
    </>
  );
}
