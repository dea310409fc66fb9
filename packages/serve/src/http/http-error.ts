/** Failures of requests as status codes (RFC 9110, section 15) and JSON: `{"error":{"code","message","hint"}}`. */
import type { PersistenceErrorCode } from '@ggen-sim/core';

/** A failure that is answered with a status code. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    details: { readonly hint?: string | undefined; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = details.hint;
    this.headers = details.headers ?? {};
  }
}

/** Status codes of errors of the database. Every other one is 500. */
const STATUS_BY_CODE: Readonly<Partial<Record<PersistenceErrorCode, number>>> = {
  INVALID_ARGUMENT: 400,
  INVALID_JSON: 400,
  NOT_FOUND: 404,
  DUPLICATE_EXECUTION: 409,
  VERSION_CONFLICT: 409,
  ALREADY_EXISTS: 409,
  NO_CHANGE_LOG: 409,
  CHANGE_LOG_RESET: 410,
  DATABASE_LOCKED: 503,
  TIMEOUT: 503,
  CLOSED: 503,
  ABORTED: 503,
  DISK_FULL: 507,
};

/** What the database's errors have. */
interface DatabaseError extends Error {
  readonly code: PersistenceErrorCode;
  readonly hint: string | undefined;
}

/** Recognises an error of the database by its name: a program may have two copies of the class. */
function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && error.name === 'PersistenceError' && 'code' in error;
}

/** Makes the answer to an error. What is no error of ours may name paths or data, so its message stays here. */
export function httpErrorOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (!isDatabaseError(error)) return new HttpError(500, 'INTERNAL', 'The request failed unexpectedly');
  const status = STATUS_BY_CODE[error.code] ?? 500;
  const headers = error.code === 'DATABASE_LOCKED' ? { 'retry-after': '1' } : {};
  return new HttpError(status, error.code, error.message, { hint: error.hint, headers });
}

/** Makes the body of an answer to an error. */
export function errorBody({ code, message, hint }: HttpError): string {
  return `${JSON.stringify({ error: { code, message, ...(hint !== undefined && { hint }) } })}\n`;
}
