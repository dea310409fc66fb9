/** Errors as a tool gives them: a code, what is wrong, and what to do about it. */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';

/** Codes of this server, beside those of `PersistenceError`. */
export type ToolErrorCode =
  | 'INVALID_ARGUMENT'
  | 'INVALID_JSON'
  | 'UNKNOWN_TOOL'
  /** The server is bound to one agent, and the call names another one. */
  | 'FORBIDDEN_AGENT'
  | 'READ_ONLY'
  /** A document or a message is larger than the server takes. */
  | 'TOO_LARGE'
  | 'NOT_FOUND';

/** An error that a tool reports to the model. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly code: ToolErrorCode;
  readonly remedy: string;

  constructor(code: ToolErrorCode, message: string, remedy: string) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

/** An error as clients get it. */
export interface ReportedError {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** What a model can do about errors of the database. Their own hints name options of programs. */
const REMEDIES: Readonly<Record<string, string>> = {
  INVALID_ARGUMENT: 'Correct the argument that the message names and call the tool again.',
  INVALID_JSON: 'Pass the document as a JSON value of at most 1000 levels, or as the text of one.',
  DUPLICATE_EXECUTION: 'Another receipt has this executionId. Use a new one for a new execution.',
  VERSION_CONFLICT:
    'Somebody saved in between. Call memory_get, apply your change to what it returns, and save that with its version as ifVersion.',
  NOT_FOUND: 'Look for the right id with receipt_query, memory_query or memory_history.',
  DATABASE_LOCKED: 'Another program holds the database. Nothing was written: call the tool again later.',
  DISK_FULL: 'Nothing was written. Tell the user that the disk is full.',
  READ_ONLY: 'Nothing was written. Tell the user that the database cannot be written.',
  NO_CHANGE_LOG: "Tell the user to run 'ggen-sim db history enable'.",
  PROOF_INVALID: 'The row was changed after it was saved. Tell the user, and call verify.',
};

const TELL_THE_USER = 'Tell the user. Calling the tool again may not help.';

/** Returns the code, message and remedy of an error. Of an error that nobody expected, only that it happened. */
export function reportedError(error: unknown): ReportedError {
  if (error instanceof ToolError) return { code: error.code, message: error.message, remedy: error.remedy };
  // By name: this package has no code of the database, and a class of another copy would not match.
  if (error instanceof Error && error.name === 'PersistenceError' && 'code' in error) {
    const code = String(error.code);
    return { code, message: error.message, remedy: REMEDIES[code] ?? TELL_THE_USER };
  }
  return { code: 'INTERNAL', message: 'The server failed', remedy: TELL_THE_USER };
}

/** Makes the result of a tool that failed. */
export function errorResult(error: unknown): CallToolResult {
  const reported = { error: reportedError(error) };
  return {
    isError: true,
    content: [{ type: 'text', text: JSON.stringify(reported) }],
    structuredContent: reported,
  };
}
