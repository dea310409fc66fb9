import type { Persistence, TableName } from '@ggen-sim/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { failureOf } from '../database/failure.ts';
import { useReading } from '../database/use-live-query.ts';
import type { ShownRecord } from '../record-dialog/selected-record.ts';
import { formatDuration, formatPlural } from '../components/format.ts';
import { notifyFailure } from '../components/notices.tsx';
import { StatusMark } from '../components/status.tsx';
import type { ChartedRun, DurationPlot } from './duration-plot.ts';
import './runs-chart.css';

/** As many of the latest runs as bars can be told apart. */
const CHARTED_RUNS = 120;

const RECEIPTS: readonly TableName[] = ['receipts'];

async function readRuns(persistence: Persistence): Promise<readonly ChartedRun[]> {
  const rows = await persistence.queryReceipts({ limit: CHARTED_RUNS });
  return rows
    .map(({ receiptId, status, createdAt, durationMs }) => ({
      receiptId,
      status,
      createdAt,
      durationMs: durationMs ?? 0,
    }))
    .toReversed();
}

/** The latest runs, oldest first, each as long as it took; those that failed stand out. */
export function RunsChart({ onOpen }: { onOpen: (record: ShownRecord) => void }): ReactNode {
  const { value: runs } = useReading(readRuns, RECEIPTS);
  const host = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<DurationPlot>();
  const latest = useRef({ runs, onOpen });
  latest.current = { runs, onOpen };
  const anyRuns = runs !== undefined && runs.length > 0;

  useEffect(() => {
    if (!anyRuns) return undefined;
    let wanted = true;
    let made: DurationPlot | undefined;
    const load = async (): Promise<void> => {
      const { createDurationPlot } = await import('./duration-plot.ts');
      if (!wanted || !host.current) return;
      made = createDurationPlot(host.current, (index) => {
        const run = latest.current.runs?.[index];
        if (run) latest.current.onOpen({ table: 'receipts', receiptId: run.receiptId });
      });
      setPlot(made);
    };
    void load().catch((error: unknown) => notifyFailure('The chart could not be loaded', failureOf(error)));
    return () => {
      wanted = false;
      made?.destroy();
      setPlot(undefined);
    };
  }, [anyRuns]);

  useEffect(() => {
    if (plot && runs) plot.show(runs);
  }, [plot, runs]);

  return (
    <section className="runs-chart" aria-label="Runs over time">
      <header className="runs-chart__head">
        <h3>Run durations</h3>
        {anyRuns ? <Legend /> : null}
      </header>
      {anyRuns ? (
        <div ref={host} className="runs-chart__plot" role="img" aria-label={describe(runs)} />
      ) : (
        <p className="runs-chart__none muted">
          {runs === undefined
            ? 'Reading…'
            : 'Each run appears here as a bar: how long it took and how it ended.'}
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

/** The chart in words. */
function describe(runs: readonly ChartedRun[]): string {
  const failed = runs.filter(({ status }) => status === 'error').length;
  const longest = Math.max(...runs.map(({ durationMs }) => durationMs));
  return `The latest ${formatPlural(runs.length, 'run')}, oldest first: ${failed} with errors, the longest took ${formatDuration(longest)}. The receipts table lists them.`;
}
