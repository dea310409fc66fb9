import type { SqlResult } from '@ggen-sim/core';
import { showTime } from '@ggen-sim/core';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatCount, formatPlural } from '../components/format.ts';
import { StoredText } from '../components/stored-text.tsx';
import { failureOf, type Failure } from '../database/failure.ts';
import { chartDataOf, isDrawnAsBars, MAX_SERIES, type ChartData } from './chart-data.ts';
import { LINE_STYLES } from './line-styles.ts';
import type { ResultPlot } from './result-plot.ts';

/** Shows the rows of a query as lines or bars. What draws them is loaded with the first chart. */
export function ResultChart({ result }: { result: SqlResult }): ReactNode {
  const data = useMemo(() => chartDataOf(result), [result]);
  if (data === undefined) {
    return (
      <div className="empty">
        <strong>Nothing to draw</strong>
        <span>
          A chart needs a column of numbers, such as count(*). The first column becomes the horizontal axis.
        </span>
      </div>
    );
  }
  return <Chart data={data} />;
}

function Chart({ data }: { data: ChartData }): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const [point, setPoint] = useState<number>();
  const [failure, setFailure] = useState<Failure>();
  const plot = useRef<ResultPlot>(undefined);
  const [isEnlarged, setIsEnlarged] = useState(false);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    let mounted = true;
    let drawn: ResultPlot | undefined;
    const load = async (): Promise<void> => {
      try {
        const { drawResult } = await import('./result-plot.ts');
        if (!mounted || !host.current) return;
        drawn = drawResult(host.current, data, setPoint, setIsEnlarged);
        plot.current = drawn;
      } catch (error) {
        setFailure(failureOf(error));
      }
    };
    void load();
    return () => {
      mounted = false;
      setPoint(undefined);
      setIsEnlarged(false);
      drawn?.destroy();
    };
  }, [data]);
  if (failure) return <FailureNotice failure={failure} />;
  const { axis, axisName = 'row', series, omitted } = data;
  return (
    <section
      ref={section}
      className="sql-chart"
      aria-label="Chart of the rows"
      tabIndex={0}
      onKeyDown={({ key }) => {
        if (key === 'Escape') plot.current?.showAll();
      }}
    >
      <div
        ref={host}
        className="sql-chart__plot"
        role="img"
        aria-label={`${series.map(({ name }) => name).join(', ')} by ${axisName}, ${formatPlural(axis.values.length, 'point')}. The table shows the values.`}
      />
      <ul className="sql-chart__legend">
        <li>
          <StoredText text={axisName} />
          {point === undefined ? null : (
            <strong>
              {' '}
              <StoredText text={placeOf(data, point)} />
            </strong>
          )}
        </li>
        {series.map(({ name, values }, index) => (
          <li key={index}>
            <svg width={isDrawnAsBars(data) ? 8 : 24} height="8" aria-hidden="true">
              <line
                x1="0"
                x2="24"
                y1="4"
                y2="4"
                strokeWidth={isDrawnAsBars(data) ? 8 : 2}
                style={{ stroke: `var(${LINE_STYLES[index]?.colour ?? ''})` }}
                strokeDasharray={LINE_STYLES[index]?.dash.join(' ')}
              />
            </svg>{' '}
            <StoredText text={name} />
            {point === undefined ? null : <strong> {values[point] ?? 'NULL'}</strong>}
          </li>
        ))}
      </ul>
      <p className="muted">
        {isEnlarged ? (
          <button
            type="button"
            className="link-button"
            onClick={() => {
              plot.current?.showAll();
              // This button goes away, and the focus must not.
              section.current?.focus();
            }}
          >
            Show all rows
          </button>
        ) : (
          'Drag over the chart to enlarge a range.'
        )}
        {omitted === 0
          ? ''
          : ` ${formatCount(MAX_SERIES)} columns are drawn; ${formatCount(omitted)} more are in the table.`}
      </p>
    </section>
  );
}

/** Names a place on the axis. */
function placeOf({ axis }: ChartData, index: number): string {
  if (axis.kind === 'rows') return axis.labels[index] ?? '';
  const value = axis.values[index] ?? 0;
  if (axis.kind === 'number') return String(value);
  return `${showTime(new Date(value * 1000).toISOString())} UTC`;
}
