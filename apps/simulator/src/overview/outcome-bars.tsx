import type { TimeBucket, TimeSeriesStep } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { linkTo } from '../address/navigation.ts';
import { formatCount, formatPlural } from '../components/format.ts';

/** Statuses from the bottom of a bar to its top: failures stand on the axis, where they can be compared. */
const STATUSES = ['error', 'partial', 'success'] as const;

const BUCKET_MS: Readonly<Record<TimeBucket, number>> = { hour: 3_600_000, day: 86_400_000 };

/** Labels under the bars at most. */
const MAX_LABELS = 6;

/** Shows the runs of each hour or day by their outcome. A bar leads to its runs. */
export function OutcomeBars({
  steps,
  bucket,
}: {
  steps: ReadonlyMap<string, readonly TimeSeriesStep[]>;
  bucket: TimeBucket;
}): ReactNode {
  const starts = [...steps.values()][0]?.map(({ start }) => start) ?? [];
  const counts = starts.map((start, index) => {
    const countOf = (status: string): number => steps.get(status)?.[index]?.count ?? 0;
    const [error, partial, success] = STATUSES.map(countOf) as [number, number, number];
    return { start, error, partial, success, all: error + partial + success };
  });
  const most = Math.max(1, ...counts.map(({ all }) => all));
  const labelEvery = Math.max(1, Math.ceil(counts.length / MAX_LABELS));
  return (
    <div className="outcome-bars">
      <span className="outcome-bars__most muted" aria-hidden="true">
        {formatCount(most)}
      </span>
      <ul className="outcome-bars__bars" aria-label={`Runs by ${bucket}`}>
        {counts.map((step, index) => (
          <li key={step.start} className="outcome-bars__step">
            {step.all === 0 ? (
              <span className="outcome-bars__bar" />
            ) : (
              <a
                className="outcome-bars__bar"
                href={linkTo({ view: 'receipts', filters: periodOf(step.start, bucket) })}
                title={titleOf(step, bucket)}
                aria-label={titleOf(step, bucket)}
              >
                {STATUSES.map((status) =>
                  step[status] === 0 ? null : (
                    <span
                      key={status}
                      className={`outcome-bars__part outcome-bars__part--${status}`}
                      style={{ height: `${(step[status] / most) * 100}%` }}
                    />
                  ),
                )}
              </a>
            )}
            {index % labelEvery === 0 ? (
              <span className="outcome-bars__label muted" aria-hidden="true">
                {bucket === 'hour'
                  ? `${step.start.slice(5, 10)} ${step.start.slice(11, 13)} h`
                  : step.start.slice(5, 10)}
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

function titleOf(
  step: { readonly start: string; readonly all: number; readonly error: number; readonly partial: number },
  bucket: TimeBucket,
): string {
  const time =
    bucket === 'hour' ? `${step.start.slice(0, 16).replace('T', ' ')} UTC` : step.start.slice(0, 10);
  const partial = step.partial === 0 ? '' : `, ${formatCount(step.partial)} partial`;
  return `${time}: ${formatPlural(step.all, 'run')}, ${formatCount(step.error)} with an error${partial}`;
}

/** The hour or the day from its beginning, in the form of filters. */
function periodOf(start: string, bucket: TimeBucket): { since: string; until: string } {
  const endMs = Date.parse(start) + BUCKET_MS[bucket];
  return { since: seconds(start), until: seconds(new Date(endMs).toISOString()) };
}

function seconds(iso: string): string {
  return `${iso.slice(0, 19)}Z`;
}
