/** Stable name of an error of this package. The README lists the cause and the remedy of each. */
export type ServeErrorCode =
  /** An option is of the wrong type or out of range. Nothing was started. */
  | 'INVALID_ARGUMENT'
  /** The address would let other machines in, and no token is required or nothing is encrypted. Nothing was started. */
  | 'ADDRESS_REFUSED'
  /** The system did not let this process listen at the address: it is in use, or not one of this machine. */
  | 'ADDRESS_UNAVAILABLE'
  /** The file with the token does not hold one, is readable by others, or could not be read or created. */
  | 'TOKEN_FILE_REFUSED'
  /** The certificate and the key cannot be read, do not belong together, or are not valid now. Nothing was started. */
  | 'TLS_REFUSED'
  /** Another server serves this database. */
  | 'ALREADY_SERVED'
  /** No server serves this database. */
  | 'NOT_SERVED'
  /** The file that names the running server belongs to another user, or others can read it. */
  | 'STATE_FILE_REFUSED'
  /** The server that the state file names did not answer, or refused to stop. */
  | 'SERVER_UNREACHABLE'
  /** A collector did not take the spans of an export. What was exported before stays there. */
  | 'EXPORT_FAILED'
  /** The system refused a read or a write of a file of the server. */
  | 'IO_ERROR';

/** The class of every error that this package throws on purpose. */
export class ServeError extends Error {
  override readonly name = 'ServeError';
  readonly code: ServeErrorCode;
  /** Remedy, as one sentence. Options of the API are in backticks. */
  readonly hint: string | undefined;

  constructor(
    code: ServeErrorCode,
    message: string,
    details: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
  }
}
