import type { Persistence } from '@ggen-sim/core';

/** What the fields of an operation work with. */
export interface FieldContext {
  readonly database: Persistence;
  readonly isWritable: boolean;
  readonly agentThatWrites: (given: string | undefined) => string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Counts the characters of rows that an answer holds. @throws {GraphQLError} ANSWER_TOO_LARGE */
  readonly countRow: (row: object) => void;
}
