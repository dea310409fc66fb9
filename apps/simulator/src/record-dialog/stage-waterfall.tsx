import type { ReactNode } from 'react';
import { formatDuration } from '../components/format.ts';
import { StoredText } from '../components/stored-text.tsx';
import type { Stage } from './receipt-stages.ts';
import './stage-waterfall.css';

/** Shows the stages of an execution as bars on one axis of time. */
export function StageWaterfall({ stages }: { stages: readonly Stage[] }): ReactNode {
  if (stages.length === 0) return null;
  const endMs = Math.max(...stages.map(({ startMs, durationMs }) => startMs + durationMs));
  const slowest = Math.max(...stages.map(({ durationMs }) => durationMs));
  const percent = (ms: number): string => `${endMs === 0 ? 0 : (ms / endMs) * 100}%`;
  return (
    <section aria-label="Stages" className="stage-waterfall">
      <h3>Stages</h3>
      <ol>
        {stages.map(({ name, startMs, durationMs }, index) => (
          // The stages of a receipt never change order, and names may be equal.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index} className="stage-waterfall__stage">
            <span className="stage-waterfall__name">
              <StoredText text={name} />
            </span>
            <span className="stage-waterfall__track" aria-hidden="true">
              <span
                className={`stage-waterfall__bar${durationMs === slowest ? ' stage-waterfall__bar--slowest' : ''}`}
                style={{ insetInlineStart: percent(startMs), width: percent(durationMs) }}
              />
            </span>
            <span className="stage-waterfall__duration">{formatDuration(durationMs)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
