/**
 * What stopped an agent, as a stable word. Codes change only with a major version; messages may change at any time.
 */
export type AgentErrorCode =
  /** An argument is missing, of the wrong type or out of range; the message names it. */
  | 'INVALID_ARGUMENT'
  /** No format was given and the name's extension is none of `.ttl`, `.nt`, `.nq`, `.trig`. */
  | 'UNKNOWN_FORMAT'
  /** The bytes are not UTF-8, the only encoding of these formats. */
  | 'NOT_UTF8'
  /** The text is not valid in its format; see `location`. */
  | 'SYNTAX_ERROR'
  /** Valid RDF 1.2 (a triple term, a base direction) that RDF 1.1, SHACL and RDFC-1.0 cannot express; see `location`. */
  | 'UNSUPPORTED_RDF'
  /** The blank nodes of a graph are so alike that labelling them would take more work than is allowed. */
  | 'CANONICALIZATION_LIMIT'
  /** A shape cannot be evaluated as it is written (a bad pattern, a path outside what is supported). */
  | 'INVALID_SHAPES'
  /** The caller's `AbortSignal` fired. */
  | 'ABORTED'
  /** A defect here; see `cause`. */
  | 'INTERNAL';

/** A place in an input. */
export interface SourceLocation {
  /** The input's name, as the caller gave it. */
  readonly name: string;
  /** Counted from 1; LF, CR LF and CR each end a line. */
  readonly line: number;
  /** Counted from 1 in UTF-16 code units, as editors count; a leading byte order mark does not count. */
  readonly column: number;
  /** The line, shortened around the column if it is long. */
  readonly excerpt: string;
  /** Where the column is within the excerpt, counted from 1. */
  readonly excerptColumn: number;
  /** What could have stood there, where the grammar tells. */
  readonly expected: string | null;
}

/** What the constructor of {@link AgentError} takes beside its message. */
export interface AgentErrorDetails {
  /** The error underneath. */
  readonly cause?: unknown;
  readonly location?: SourceLocation;
  /** What to do about it, as one sentence. */
  readonly hint?: string;
}

/** Every error this package makes on purpose. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: AgentErrorCode;
  readonly location: SourceLocation | undefined;
  readonly hint: string | undefined;

  constructor(code: AgentErrorCode, message: string, details: AgentErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.location = details.location;
    this.hint = details.hint;
  }
}

/**
 * Any failure as an {@link AgentError}, so that a receipt always has a code to name.
 *
 * @param failure - what was thrown
 * @param signal - the caller's signal: a failure after it fired is the abort
 */
export function toAgentError(failure: unknown, signal?: AbortSignal): AgentError {
  if (failure instanceof AgentError) return failure;
  if (signal?.aborted === true) return new AgentError('ABORTED', 'The run was aborted', { cause: failure });
  const message = failure instanceof Error ? failure.message : String(failure);
  return new AgentError('INTERNAL', message, { cause: failure });
}

/**
 * Ends the work if the caller asked for it.
 *
 * @throws {AgentError} ABORTED
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new AgentError('ABORTED', 'The run was aborted', { cause: signal.reason });
  }
}
