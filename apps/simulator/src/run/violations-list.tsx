import { shortenIris, type ReceiptViolation } from '@ggen-sim/agents';
import { Fragment, useState, type ReactNode } from 'react';
import { formatPlural } from '../components/format.ts';
import { printable } from '../components/printable.ts';
import { StatusMark, type Tone } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import type { DocumentPlace } from './violation-location.ts';
import './violations-list.css';

/** Violations shown at first, because every node can violate a shape. A button shows more. */
const FIRST_VIOLATIONS = 100;

const TONES: Readonly<Record<string, Tone>> = { Violation: 'error', Warning: 'warning' };

/** Lists violations with their focus node, path, value, shape and message. */
export function ViolationsList({
  violations,
  prefixes,
  places = [],
  onGoTo,
}: {
  violations: readonly ReceiptViolation[];
  prefixes: ReadonlyMap<string, string>;
  places?: readonly (DocumentPlace | undefined)[] | undefined;
  onGoTo?: ((place: DocumentPlace) => void) | undefined;
}): ReactNode {
  const [limit, setLimit] = useState(FIRST_VIOLATIONS);
  const term = (text: string | null): ReactNode =>
    text === null ? (
      <span className="muted">–</span>
    ) : (
      <Term full={text} shown={shortenIris(text, prefixes)} />
    );
  // Full IRIs are too long for columns.
  const stacked = prefixes.size === 0 ? ' violations--stacked' : '';
  return (
    <div className={`violations${stacked}`}>
      <table className="violations__table">
        <caption className="visually-hidden">{formatPlural(violations.length, 'validation result')}</caption>
        <thead>
          <tr>
            <th scope="col">Focus node</th>
            <th scope="col">Path</th>
            <th scope="col">Value</th>
            <th scope="col">Shape</th>
            <th scope="col">Message</th>
          </tr>
        </thead>
        <tbody>
          {violations.slice(0, limit).map((violation, index) => (
            // A receipt's list never changes, so the index identifies a violation.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={index}>
              <td data-label="Focus node">{term(violation.focus_node)}</td>
              <td data-label="Path">{term(violation.path)}</td>
              <td data-label="Value">{term(violation.value)}</td>
              <td data-label="Shape">{term(violation.shape)}</td>
              <td data-label="Message">
                <span className={`status status--${TONES[violation.severity] ?? 'neutral'}`}>
                  <StatusMark tone={TONES[violation.severity] ?? 'neutral'} />
                  {shortenIris(violation.severity, prefixes)}
                </span>{' '}
                <StoredText text={shortenIris(violation.message, prefixes)} />
                <GoToLine place={places[index]} onGoTo={onGoTo} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {violations.length > limit ? (
        <button type="button" className="button" onClick={() => setLimit(limit + 500)}>
          Show {Math.min(500, violations.length - limit)} more of {violations.length - limit}
        </button>
      ) : null}
    </div>
  );
}

/** Leads to the line of a violation in the editor. */
function GoToLine({
  place,
  onGoTo,
}: {
  place: DocumentPlace | undefined;
  onGoTo: ((place: DocumentPlace) => void) | undefined;
}): ReactNode {
  if (place === undefined || onGoTo === undefined) return null;
  return (
    <>
      {' '}
      <button type="button" className="link-button" onClick={() => onGoTo(place)}>
        Line {place.line}
      </button>
    </>
  );
}

/** Shows a term that may wrap after a prefix and between words. */
function Term({ full, shown }: { full: string; shown: string }): ReactNode {
  const pieces = shown.split(/(?<=[:/#_-])|(?<=[a-z])(?=[A-Z])/);
  return (
    <code title={full}>
      {pieces.map((piece, index) => (
        // The pieces of a fixed text never change order.
        // oxlint-disable-next-line react/no-array-index-key
        <Fragment key={index}>
          {printable(piece)}
          <wbr />
        </Fragment>
      ))}
    </code>
  );
}
