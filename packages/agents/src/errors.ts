/** Reason why an agent failed. Codes change only with a major version; messages may change at any time. */
export type AgentErrorCode =
  /** An argument is missing, empty or unknown; the message names it. */
  | 'INVALID_ARGUMENT'
  /** The caller could not read an input, or a JSON-LD context is not given; see `file`. */
  | 'IO_ERROR'
  /** The request has no format and the name's extension is that of no format. */
  | 'UNKNOWN_FORMAT'
  /** The bytes are not UTF-8, the only encoding of these formats. */
  | 'NOT_UTF8'
  /** The text is not valid in its format; see `location`. */
  | 'SYNTAX_ERROR'
  /** Valid RDF 1.2 (a triple term, a base direction) that RDF 1.1, SHACL and RDFC-1.0 cannot express; see `location`. */
  | 'UNSUPPORTED_RDF'
  /**
   * The blank nodes of a graph are so alike that labelling them would exceed the work limit. No run fails with it: the code
   * is in the graph's part of the receipt.
   */
  | 'CANONICALIZATION_LIMIT'
  /** A gate is no `ASK` or `SELECT` query of SPARQL, or reads other servers; see `file`. */
  | 'INVALID_QUERY'
  /** The shapes graph is ill-formed (see `location`), or it cannot be evaluated. */
  | 'INVALID_SHAPES'
  /**
   * A SPARQL query needs more memory than its engine has. That ends the engine, so this thread can evaluate no query any
   * more.
   */
  | 'QUERY_LIMIT'
  /** The caller's `AbortSignal` fired. */
  | 'ABORTED'
  /** The run took longer than its time limit. */
  | 'TIME_LIMIT'
  /** The run has ended, but the database could not record it: the error is an `UnrecordedRun`, which holds the run. */
  | 'NOT_RECORDED'
  /** A defect in this package, or the worker failed (for instance because memory ran out); see `cause`. */
  | 'INTERNAL';

/** Position in an input. */
export interface SourceLocation {
  /** Name of the input, as the caller gave it. */
  readonly name: string;
  /** Line number from 1. LF, CR LF and CR each end a line. */
  readonly line: number;
  /** Column from 1 in UTF-16 code units, as editors count. A leading byte order mark does not count. */
  readonly column: number;
  /** Text of the line, shortened around the column when it is long. */
  readonly excerpt: string;
  /** Position of the column within the excerpt, from 1. */
  readonly excerptColumn: number;
  /** Token or term that the grammar expected there; `null` when it is unknown. */
  readonly expected: string | null;
}

/** Details of an {@link AgentError}. */
export interface AgentErrorDetails {
  /** Original error. */
  readonly cause?: unknown;
  readonly location?: SourceLocation;
  /** Name of the input that the error is about, as the caller gave it, if there is no location. */
  readonly file?: string;
  /** Remedy, as one sentence. */
  readonly hint?: string;
}

/** Error that this package throws on purpose. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: AgentErrorCode;
  readonly location: SourceLocation | undefined;
  readonly file: string | undefined;
  readonly hint: string | undefined;

  constructor(code: AgentErrorCode, message: string, details: AgentErrorDetails = {}) {
    // The message of a cause may quote half of a surrogate pair, which the canonical JSON of findings refuses.
    super(message.toWellFormed(), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.location = details.location;
    this.file = details.file;
    this.hint = details.hint;
  }
}

/**
 * Converts anything thrown to an {@link AgentError}, so that every receipt has an error code.
 *
 * @param signal - of the caller; a failure after it fired counts as the abort
 */
export function toAgentError(failure: unknown, signal?: AbortSignal): AgentError {
  if (failure instanceof AgentError) return failure;
  if (signal?.aborted === true) return new AgentError('ABORTED', 'The run was aborted', { cause: failure });
  const message = failure instanceof Error ? failure.message : String(failure);
  return new AgentError('INTERNAL', message, { cause: failure });
}

/**
 * Throws when the caller's signal has fired.
 *
 * @throws {AgentError} ABORTED, or the signal's reason if that is an `AgentError`
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  const reason: unknown = signal.reason;
  throw reason instanceof AgentError
    ? reason
    : new AgentError('ABORTED', 'The run was aborted', { cause: reason });
}
