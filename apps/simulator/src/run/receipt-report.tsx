import type { ValidationReceipt } from '@ggen-sim/agents';
import { errorReasonOf } from '@ggen-sim/core';
import { lazy, Suspense, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatDuration, formatPlural, shortId } from '../components/format.ts';
import { Status } from '../components/status.tsx';
import type { DocumentPlace } from './violation-location.ts';
import './receipt-report.css';

// Loaded with the agents, because it needs their way of shortening IRIs.
const ViolationsList = lazy(async () => ({
  default: (await import('./violations-list.tsx')).ViolationsList,
}));

const NO_PREFIXES: ReadonlyMap<string, string> = new Map();

/**
 * Shows the result of a validation.
 *
 * @param label - distinguishes this report from others on the page
 * @param prefixes - prefix to IRI, to shorten IRIs
 * @param places - the place of each violation in the documents, where it is known
 * @param onGoTo - moves the editor to a place
 * @param onGoToError - moves the editor to the error's location, if it has one
 */
export function ReceiptReport({
  label,
  receipt,
  prefixes = NO_PREFIXES,
  onGoToError,
  places,
  onGoTo,
}: {
  label: string;
  receipt: ValidationReceipt;
  prefixes?: ReadonlyMap<string, string>;
  onGoToError?: (() => void) | undefined;
  places?: readonly (DocumentPlace | undefined)[] | undefined;
  onGoTo?: ((place: DocumentPlace) => void) | undefined;
}): ReactNode {
  const { status, conforms, message, error, counts, durations_ms: durations, violations } = receipt;
  const omittedResults = receipt.omitted_results?.count ?? 0;
  const errorReason = errorReasonOf({ status, receiptJson: JSON.stringify({ error, conforms }) });
  return (
    <section className="receipt-report" aria-label={label}>
      <header className="receipt-report__head">
        <Status status={status} shown={errorReason} />
        <p className="receipt-report__message">
          {error === null ? message : 'The run ended before the validation was complete.'}
        </p>
      </header>
      {error === null ? null : (
        <FailureNotice failure={{ code: error.code, message: error.message, hint: hintOf(receipt) }}>
          {onGoToError === undefined || error.line === null ? null : (
            <button type="button" className="button" onClick={onGoToError}>
              Go to line {error.line}, column {error.column}
            </button>
          )}
        </FailureNotice>
      )}
      {error?.others === undefined ? null : (
        <ul className="receipt-report__errors" aria-label="Further errors">
          {error.others.map(({ name, line, column, message: text }) => (
            <li key={`${name}:${line}:${column}`}>
              {name}
              {line === null ? '' : `:${line}:${column}`}: {text}
            </li>
          ))}
        </ul>
      )}
      <p className="receipt-report__metrics">
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
          determinism hash <code>{shortId(receipt.determinism_hash.replace('sha256:', ''), 10)}</code>
        </span>
      </p>
      {receipt.not_evaluated.length === 0 ? null : (
        <ul className="receipt-report__not-evaluated" aria-label="Not evaluated">
          {receipt.not_evaluated.map((text) => (
            <li key={text}>Not evaluated: {text}</li>
          ))}
        </ul>
      )}
      {violations.length === 0 ? null : (
        <Suspense fallback={<p className="muted">Loading…</p>}>
          <ViolationsList violations={violations} prefixes={prefixes} places={places} onGoTo={onGoTo} />
        </Suspense>
      )}
      {omittedResults === 0 ? null : (
        <p className="muted">The receipt does not list {formatPlural(omittedResults, 'further result')}.</p>
      )}
    </section>
  );
}

function hintOf({ error }: ValidationReceipt): string | undefined {
  if (error === null) return undefined;
  const hints: Readonly<Record<string, string>> = {
    SYNTAX_ERROR: 'Fix the document and run again.',
    UNSUPPORTED_RDF: 'Write it in Turtle, or in RDF 1.1: the other formats are read without RDF 1.2.',
    UNKNOWN_FORMAT:
      'Rename the document so that its name ends in .ttl, .nt, .nq, .trig, .rdf, .owl or .jsonld.',
    INVALID_SHAPES: 'Fix the shape named in the message and run again.',
    ABORTED: 'Nothing was stored in part. You can run again at any time.',
    TIME_LIMIT: 'Look for a pattern or a shape that takes forever, such as ^(a+)+$.',
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
