import { showTime, type TimeSeries } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import type { Filters } from '../address/address.ts';
import { linkTo } from '../address/navigation.ts';
import { DURATION_MARKS_MS, durationRange, markName } from '../chart/duration-marks.ts';
import { formatCount, formatDuration } from '../components/format.ts';
import { StoredText } from '../components/stored-text.tsx';
import { exactAgent } from '../tables/row-filters.ts';
import type { FailureSpan } from './overview-data.ts';

/** Agents shown at most: those that failed most, then the busiest. */
const MAX_AGENTS = 12;

/** Place on the axis from which a name has no room. */
const LAST_MARK_FROM_PERCENT = 60;

/** Shows for each agent how often and since when it failed, and how long its runs take, on one axis. */
export function AgentDurations({
  agents,
  failures,
  since,
}: {
  agents: readonly TimeSeries[];
  failures: ReadonlyMap<string, FailureSpan>;
  since: string;
}): ReactNode {
  const shown = agents
    .toSorted((a, b) => b.total.failed - a.total.failed || b.total.count - a.total.count)
    .slice(0, MAX_AGENTS);
  const medians = shown.map(({ total }) => total.p50DurationMs ?? 1);
  const slow = shown.map(({ total }) => total.p95DurationMs ?? 1);
  const [from, to] = durationRange(Math.min(...medians), Math.max(...slow));
  const place = (ms: number): number =>
    (Math.log(Math.min(Math.max(ms, from), to) / from) / Math.log(to / from)) * 100;
  const marks = DURATION_MARKS_MS.filter((mark) => mark >= from && mark <= to);
  const last = marks.at(-1);
  // The name of the last mark ends at the edge, where the names before it would touch it.
  const named = marks.filter((mark) => mark === last || place(mark) < LAST_MARK_FROM_PERCENT);
  return (
    <>
      {agents.length > shown.length ? (
        <p className="agent-durations__key muted">
          {shown.length} of {formatCount(agents.length)} agents: those with the most errors, then the most
          runs.
        </p>
      ) : null}
      <p className="agent-durations__key agent-durations__key--bars muted">
        Each bar spans p50 to p95; the line is p95 in the period before.
      </p>
      <table className="agent-durations">
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col" className="agent-durations__number">
              Runs
            </th>
            <th scope="col" className="agent-durations__number">
              Errors
            </th>
            <th scope="col" className="agent-durations__since">
              First error
            </th>
            <th scope="col" className="agent-durations__axis-head">
              <span className="visually-hidden">
                Durations: half of the runs, and 95 of a hundred, are not longer
              </span>
              <span className="agent-durations__axis" aria-hidden="true">
                {named.map((mark) => (
                  <span
                    key={mark}
                    style={{ insetInlineStart: `${place(mark)}%` }}
                    data-end={mark === last && place(mark) > LAST_MARK_FROM_PERCENT}
                  >
                    {markName(mark)}
                  </span>
                ))}
              </span>
            </th>
            <th scope="col" className="agent-durations__number">
              p50
            </th>
            <th scope="col" className="agent-durations__number">
              p95
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ group, total, before }) => {
            const filters: Filters = { agent: exactAgent(group ?? ''), since };
            const span = failures.get(group ?? '');
            return (
              <tr key={group}>
                <th scope="row">
                  <a href={linkTo({ view: 'receipts', filters })}>
                    <StoredText text={group} />
                  </a>
                </th>
                <td className="agent-durations__number">{formatCount(total.count)}</td>
                <td className="agent-durations__number">
                  {total.failed === 0 ? (
                    <span className="muted">0</span>
                  ) : (
                    <a
                      className="status--error"
                      href={linkTo({ view: 'receipts', filters: { ...filters, status: 'error' } })}
                    >
                      {formatCount(total.failed)} ({percent(total.errorShare)})
                    </a>
                  )}
                </td>
                <td className="agent-durations__since">
                  {span === undefined ? <span className="muted">–</span> : showTime(span.first).slice(5, 16)}
                </td>
                <td aria-hidden="true">
                  <DurationRange
                    p50={total.p50DurationMs}
                    p95={total.p95DurationMs}
                    beforeP95={before.p95DurationMs}
                    place={place}
                  />
                </td>
                <td className="agent-durations__number">{formatDuration(rounded(total.p50DurationMs))}</td>
                <td className="agent-durations__number">
                  <a href={linkTo({ view: 'receipts', filters, order: 'longest-first' })}>
                    {formatDuration(rounded(total.p95DurationMs))}
                  </a>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}

/** Draws a bar from the median to p95, with a line where p95 was in the period before. */
function DurationRange({
  p50,
  p95,
  beforeP95,
  place,
}: {
  p50: number | null;
  p95: number | null;
  beforeP95: number | null;
  place: (ms: number) => number;
}): ReactNode {
  if (p50 === null || p95 === null) return null;
  const [start, end] = [place(p50), place(p95)];
  return (
    <span className="duration-range">
      <span
        className="duration-range__bar"
        style={{ insetInlineStart: `${start}%`, width: `${end - start}%` }}
      />
      {beforeP95 === null ? null : (
        <span className="duration-range__before" style={{ insetInlineStart: `${place(beforeP95)}%` }} />
      )}
    </span>
  );
}

/** Percentiles are within 1%, so that decimals would say too much. */
function rounded(durationMs: number | null): number | null {
  return durationMs === null ? null : Math.round(durationMs);
}

function percent(share: number | null): string {
  const value = (share ?? 0) * 100;
  return value > 0 && value < 1 ? '<1%' : `${Math.round(value)}%`;
}
