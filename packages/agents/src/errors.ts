import { baseNameOf } from './base-name.ts';

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
  /**
   * A triple term or a base direction of RDF 1.2. In RDF/XML and JSON-LD it is not supported, and the run fails. A graph that
   * has one from another format has no hash: the code is in its part of the receipt.
   */
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
   * more. In a worker, the run is repeated in another one without that query.
   */
  | 'QUERY_LIMIT'
  /** The worker needed more memory than it may have. Nothing but the inputs is known of the run. */
  | 'MEMORY_LIMIT'
  /** The caller's `AbortSignal` fired. */
  | 'ABORTED'
  /** The run took longer than its time limit. */
  | 'TIME_LIMIT'
  /** The run has ended, but the database could not record it: the error is an `UnrecordedRun`, which holds the run. */
  | 'NOT_RECORDED'
  /** A defect in this package, or the worker failed; see `cause`. */
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

/** Error beside the first one of a run. */
export interface FurtherError {
  readonly code: AgentErrorCode;
  readonly message: string;
  readonly location: SourceLocation | undefined;
  readonly file: string | undefined;
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
  /** Text of the SPARQL query that ended its engine. */
  readonly query?: string;
  /** Errors that were found beside this one, in a fixed order. */
  readonly others?: readonly FurtherError[];
}

/** Error that this package throws on purpose. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: AgentErrorCode;
  readonly location: SourceLocation | undefined;
  readonly file: string | undefined;
  readonly hint: string | undefined;
  readonly others: readonly FurtherError[];
  readonly query: string | undefined;

  constructor(code: AgentErrorCode, message: string, details: AgentErrorDetails = {}) {
    // The message of a cause may quote half of a surrogate pair, which the canonical JSON of findings refuses.
    super(message.toWellFormed(), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.location = details.location;
    this.file = details.file;
    this.hint = details.hint;
    this.others = details.others ?? [];
    this.query = details.query;
  }
}

/** Makes one error of several: the first, with those after it in `others`. */
export function withOthers([first, ...others]: readonly AgentError[]): AgentError {
  if (first === undefined) throw new RangeError('no error');
  const rest = [...first.others, ...others.flatMap(allErrorsOf)];
  if (rest.length === 0) return first;
  const { code, message, cause, location, file, hint } = first;
  return new AgentError(code, message, {
    cause,
    others: rest,
    ...(location === undefined ? {} : { location }),
    ...(file === undefined ? {} : { file }),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Lists an error and those beside it. */
export function allErrorsOf(error: AgentError): readonly FurtherError[] {
  const { code, message, location, file, others } = error;
  return [{ code, message, location, file }, ...others];
}

/** Writes an error after its place, as compilers do, with the last part of the document's name. */
export function describeError({ message, location, file }: FurtherError): string {
  const name = baseNameOf(location?.name ?? file ?? '');
  if (location !== undefined) return `${name}:${location.line}:${location.column}: ${message}`;
  return file === undefined ? message : `${name}: ${message}`;
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
