import type { Persistence, TableName } from '@ggen-sim/core';
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import type { Filters } from '../address/address.ts';
import { openReceipt } from '../address/navigation.ts';
import { failureOf } from '../database/failure.ts';
import { useLiveQuery } from '../database/use-live-query.ts';
import { summarizeReceipt, type ReceiptSummary } from '../record-dialog/receipt-summary.ts';
import { receiptFiltersOf } from '../tables/row-filters.ts';
import { formatDuration, formatPlural, toMilliseconds } from '../components/format.ts';
import { notifyFailure } from '../components/notices.tsx';
import { textOf } from '../components/printable.ts';
import { StatusMark } from '../components/status.tsx';
import type { DurationPlot } from './duration-plot.ts';
import './runs-chart.css';

/** Number of latest runs shown: with more, the bars would be too thin to tell apart. */
const CHARTED_RUNS = 120;

const RECEIPTS: readonly TableName[] = ['receipts'];

/**
 * Shows the durations of the latest runs, oldest first, coloured by status.
 *
 * @param filters - of the receipts
 */
export function RunsChart({ filters }: { filters: Filters }): ReactNode {
  const filterText = JSON.stringify(filters);
  const readRuns = useCallback(
    async (persistence: Persistence): Promise<readonly ReceiptSummary[]> => {
      const chosen = receiptFiltersOf(JSON.parse(filterText) as Filters);
      const rows = await persistence.queryReceipts({ ...chosen, limit: CHARTED_RUNS });
      return rows.map(summarizeReceipt).toReversed();
    },
    [filterText],
  );
  const { value: runs } = useLiveQuery(readRuns, RECEIPTS);
  const host = useRef<HTMLDivElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  const [plot, setPlot] = useState<DurationPlot>();
  const [isEnlarged, setIsEnlarged] = useState(false);
  const latest = useRef(runs);
  latest.current = runs;
  const anyRuns = runs !== undefined && runs.length > 0;

  useEffect(() => {
    if (!anyRuns) return undefined;
    let mounted = true;
    let created: DurationPlot | undefined;
    const load = async (): Promise<void> => {
      const { createDurationPlot } = await import('./duration-plot.ts');
      if (!mounted || !host.current) return;
      created = createDurationPlot(
        host.current,
        (index) => {
          const run = latest.current?.[index];
          if (run) openReceipt(textOf(run.receiptId));
        },
        setIsEnlarged,
      );
      setPlot(created);
    };
    void load().catch((error: unknown) => notifyFailure('Could not load the chart', failureOf(error)));
    return () => {
      mounted = false;
      created?.destroy();
      setPlot(undefined);
      setIsEnlarged(false);
    };
  }, [anyRuns]);

  // Other filters have other runs, and the enlarged range is of no use there.
  useEffect(() => plot?.showAll(), [plot, filterText]);
  useEffect(() => {
    if (plot && runs) plot.show(runs);
  }, [plot, runs]);

  return (
    <section className="runs-chart" aria-label="Runs over time">
      <header className="runs-chart__head">
        <h3 ref={title} tabIndex={-1}>
          Run durations
        </h3>
        {anyRuns && !isEnlarged ? <span className="runs-chart__hint muted">Drag to enlarge</span> : null}
        {isEnlarged ? (
          <button
            type="button"
            className="link-button"
            onClick={() => {
              plot?.showAll();
              // This button goes away, and the focus must not.
              title.current?.focus();
            }}
          >
            Show all runs
          </button>
        ) : null}
        {anyRuns ? <Legend /> : null}
      </header>
      {anyRuns ? (
        <div ref={host} className="runs-chart__plot" role="img" aria-label={describe(runs)} />
      ) : (
        <p className="runs-chart__none muted">
          {runs === undefined
            ? 'Loading…'
            : Object.keys(filters).length > 0
              ? 'No runs match the filters.'
              : 'Each run appears here as a bar that shows its duration and status.'}
        </p>
      )}
    </section>
  );
}

function Legend(): ReactNode {
  return (
    <p className="runs-chart__legend">
      <span className="status--success">
        <StatusMark tone="success" /> success
      </span>
      <span className="status--warning">
        <StatusMark tone="warning" /> partial
      </span>
      <span className="status--error">
        <StatusMark tone="error" /> error
      </span>
    </p>
  );
}

/** Describes the chart for screen readers. */
function describe(runs: readonly ReceiptSummary[]): string {
  const violating = runs.filter(({ errorReason }) => errorReason === 'violations').length;
  const failed = runs.filter(({ status }) => status === 'error').length - violating;
  const longest = Math.max(...runs.map(({ durationMs }) => toMilliseconds(durationMs)));
  return `The latest ${formatPlural(runs.length, 'run')}, oldest first: ${violating} with violations, ${failed} failed; the longest took ${formatDuration(longest)}. The receipts table lists them.`;
}
