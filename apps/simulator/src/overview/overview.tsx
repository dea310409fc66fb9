import type { Stats, TableName } from '@ggen-sim/core';
import { showTime } from '@ggen-sim/core';
import { useEffect, useMemo, type ReactNode } from 'react';
import type { Address } from '../address/address.ts';
import { linkTo, setFilter, useAddress } from '../address/navigation.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatCount, formatDuration, formatPlural } from '../components/format.ts';
import { textOf } from '../components/printable.ts';
import { Status } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { Timestamp } from '../components/timestamp.tsx';
import { pacedQuery } from '../database/paced-query.ts';
import { IS_STUDIO } from '../database/studio.ts';
import { useLiveQuery } from '../database/use-live-query.ts';
import type { ReceiptSummary } from '../record-dialog/receipt-summary.ts';
import { AgentDurations } from './agent-durations.tsx';
import { lastVisit, noteVisits } from './last-visit.ts';
import { OutcomeBars } from './outcome-bars.tsx';
import { readOverview, type ChangesSince, type OverviewData, type RunTotals } from './overview-data.ts';
import './overview.css';

const TABLES: readonly TableName[] = ['receipts', 'agent_memory'];

const PERIODS: readonly (readonly [since: string, name: string])[] = [
  ['1d', 'last 24 hours'],
  ['3d', 'last 3 days'],
  ['7d', 'last 7 days'],
  ['30d', 'last 30 days'],
  ['90d', 'last 90 days'],
];

const DEFAULT_PERIOD = '7d';

/** Shows what failed, since when, and where it is slow. Every figure is a link to its rows. */
export function Overview({ stats }: { stats: Stats | undefined }): ReactNode {
  const { filters } = useAddress();
  const since = filters.since ?? DEFAULT_PERIOD;
  const query = useMemo(
    () =>
      pacedQuery(async (persistence) => ({ since, data: await readOverview(persistence, since, lastVisit) })),
    [since],
  );
  const { value, failure } = useLiveQuery(query, TABLES);
  useEffect(noteVisits, []);
  const isEmpty = stats?.receiptsTotal === 0;
  return (
    <div className="overview">
      <header className="overview__head">
        <h2>What happened</h2>
        <label className="labelled">
          Period
          <select
            className="field"
            value={since}
            onChange={(event) => setFilter('since', event.target.value)}
          >
            {PERIODS.some(([period]) => period === since) ? null : <option>{since}</option>}
            {PERIODS.map(([period, name]) => (
              <option key={period} value={period}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </header>
      {failure ? <FailureNotice failure={failure} /> : null}
      {isEmpty ? (
        <p className="overview__none muted">
          Nothing has run yet.{' '}
          {IS_STUDIO ? 'Let an agent save to this file' : 'Start a session, or an example, and run it'}: every
          run leaves a receipt, and this view shows what failed, since when, and where it is slow.
        </p>
      ) : value?.since === since ? (
        <OverviewParts data={value.data} since={since} lastReceipt={stats?.lastReceipt ?? null} />
      ) : failure ? null : (
        <p className="overview__none muted">Loading…</p>
      )}
    </div>
  );
}

function OverviewParts({
  data,
  since,
  lastReceipt,
}: {
  data: OverviewData;
  since: string;
  lastReceipt: string | null;
}): ReactNode {
  const { total, before, steps, bucket, agents, failures, newestFailures, slowest, sinceVisit } = data;
  return (
    <>
      {sinceVisit === undefined ? null : <SinceVisit changes={sinceVisit} />}
      {total.count === 0 ? (
        <p className="overview__none muted">
          No runs in this period.
          {lastReceipt === null ? '' : ` The latest ended on ${showTime(lastReceipt)} UTC.`}
        </p>
      ) : (
        <>
          <Verdict total={total} before={before} since={since} />
          <OutcomeBars steps={steps} bucket={bucket} />
          <section className="overview__part" aria-labelledby="overview-agents">
            <h3 id="overview-agents">Agents</h3>
            <AgentDurations agents={agents} failures={failures} since={since} />
          </section>
          <div className="overview__lists">
            <RunList
              title="Newest errors"
              runs={newestFailures}
              none="No runs ended with an error."
              all={{ view: 'receipts', filters: { status: 'error', since } }}
            />
            <RunList
              title="Slowest runs"
              runs={slowest}
              none="No runs have a duration."
              all={{ view: 'receipts', filters: { since }, order: 'longest-first' }}
            />
          </div>
        </>
      )}
    </>
  );
}

/** Says the most important in one line: how many runs ended with an error, and whether that is more than before. */
function Verdict({
  total: { count, failed },
  before,
  since,
}: {
  total: RunTotals;
  before: RunTotals;
  since: string;
}): ReactNode {
  return (
    <p className="overview__verdict">
      {failed === 0 ? (
        <Status status="success" shown="No errors" />
      ) : (
        <a href={linkTo({ view: 'receipts', filters: { status: 'error', since } })}>
          <Status status="error" shown={formatPlural(failed, 'error')} />
        </a>
      )}{' '}
      in <a href={linkTo({ view: 'receipts', filters: { since } })}>{formatPlural(count, 'run')}</a>
      <span className="muted">
        {before.count === 0
          ? '; no runs in the period before'
          : `; in the period before, ${formatCount(before.failed)} in ${formatPlural(before.count, 'run')}`}
      </span>
    </p>
  );
}

function SinceVisit({ changes }: { changes: ChangesSince }): ReactNode {
  const { since, runs, failed, memories } = changes;
  return (
    <p className="overview__visit">
      Since your last visit on {since.slice(0, 16).replace('T', ' ')} UTC:{' '}
      {runs + memories === 0 ? (
        <span className="muted">nothing new</span>
      ) : (
        <>
          <a href={linkTo({ view: 'receipts', filters: { since } })}>{formatPlural(runs, 'run')}</a>,{' '}
          <a href={linkTo({ view: 'receipts', filters: { since, status: 'error' } })}>
            {formatCount(failed)} with an error
          </a>
          ,{' '}
          <a href={linkTo({ view: 'memory', filters: { since } })}>
            {formatPlural(memories, 'memory', 'memories')} updated
          </a>
        </>
      )}
    </p>
  );
}

function RunList({
  title,
  runs,
  none,
  all,
}: {
  title: string;
  runs: readonly ReceiptSummary[];
  none: string;
  all: Address;
}): ReactNode {
  return (
    <section className="overview__part" aria-label={title}>
      <header className="overview__part-head">
        <h3>{title}</h3>
        {runs.length === 0 ? null : <a href={linkTo(all)}>Show all</a>}
      </header>
      {runs.length === 0 ? <p className="muted">{none}</p> : null}
      <ul className="overview__runs">
        {runs.map(({ receiptId, status, errorReason, agentId, createdAt, durationMs }) => (
          <li key={textOf(receiptId)}>
            <a
              className="overview__run"
              href={linkTo({ view: 'receipts', record: textOf(receiptId), filters: {} })}
            >
              <Status status={status} shown={errorReason} />
              <span className="overview__run-agent">
                <StoredText text={agentId} />
              </span>
              <span className="muted">
                <Timestamp time={createdAt} />
              </span>
              <span className="overview__run-duration">{formatDuration(durationMs)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
