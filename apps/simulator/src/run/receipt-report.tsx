import type { ValidationReceipt } from '@ggen-sim/agents';
import { lazy, Suspense, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatDuration, formatPlural, shortId } from '../components/format.ts';
import { Status } from '../components/status.tsx';
import './receipt-report.css';

// With the agents, whose way of writing IRIs it needs.
const ViolationsList = lazy(async () => ({
  default: (await import('./violations-list.tsx')).ViolationsList,
}));

const NO_PREFIXES: ReadonlyMap<string, string> = new Map();

/**
 * What a validation found.
 *
 * @param label - tells this report from others on the screen
 * @param prefixes - to show IRIs short; name to IRI
 * @param onShowPlace - goes to an error's place in the editor, where there is one
 */
export function ReceiptReport({
  label,
  receipt,
  prefixes = NO_PREFIXES,
  onShowPlace,
}: {
  label: string;
  receipt: ValidationReceipt;
  prefixes?: ReadonlyMap<string, string>;
  onShowPlace?: (() => void) | undefined;
}): ReactNode {
  const { status, message, error, counts, durations_ms: durations, violations } = receipt;
  return (
    <section className="receipt-report" aria-label={label}>
      <header className="receipt-report__head">
        <Status status={status} />
        <p className="receipt-report__message">
          {error === null ? message : 'The run ended before it could tell whether anything conforms.'}
        </p>
      </header>
      {error === null ? null : (
        <FailureNotice failure={{ code: error.code, message: error.message, hint: hintOf(receipt) }}>
          {onShowPlace === undefined || error.line === null ? null : (
            <button type="button" className="button" onClick={onShowPlace}>
              Go to line {error.line}, column {error.column}
            </button>
          )}
        </FailureNotice>
      )}
      <p className="receipt-report__measures">
        {counts === null ? null : (
          <>
            <span>{formatPlural(counts.shapes_with_target, 'shape')} with a target</span>
            <span>{formatPlural(counts.focus_nodes, 'focus node')}</span>
            <span>{formatPlural(counts.results, 'result')}</span>
          </>
        )}
        {stagesOf(durations).map(([stage, durationMs]) => (
          <span key={stage}>
            {stage} {formatDuration(durationMs)}
          </span>
        ))}
        <span title={receipt.determinism_hash}>
          determinism <code>{shortId(receipt.determinism_hash.replace('sha256:', ''), 10)}</code>
        </span>
      </p>
      {receipt.not_evaluated.length === 0 ? null : (
        <ul className="receipt-report__unchecked" aria-label="Not evaluated">
          {receipt.not_evaluated.map((text) => (
            <li key={text}>Not evaluated: {text}</li>
          ))}
        </ul>
      )}
      {violations.length === 0 ? null : (
        <Suspense fallback={<p className="muted">Reading…</p>}>
          <ViolationsList violations={violations} prefixes={prefixes} />
        </Suspense>
      )}
    </section>
  );
}

function hintOf({ error }: ValidationReceipt): string | undefined {
  if (error === null) return undefined;
  const hints: Readonly<Record<string, string>> = {
    SYNTAX_ERROR: 'Mend the document and run again.',
    UNSUPPORTED_RDF: 'Write it in RDF 1.1, which SHACL and the canonical hash are defined for.',
    UNKNOWN_FORMAT: 'Rename the document so that it ends in .ttl, .nt, .nq or .trig.',
    INVALID_SHAPES: 'Mend the shape that the message names and run again.',
    CANONICALIZATION_LIMIT: 'Give some of the blank nodes IRIs.',
    ABORTED: 'Run again whenever you like; nothing is half-written.',
  };
  return hints[error.code];
}

function stagesOf(durations: ValidationReceipt['durations_ms']): [string, number][] {
  const { parse, canonicalize, validate, total } = durations;
  const stages: [string, number | undefined][] = [
    ['parse', parse],
    ['canonicalize', canonicalize],
    ['validate', validate],
    ['total', total],
  ];
  return stages.filter((stage): stage is [string, number] => stage[1] !== undefined);
}
