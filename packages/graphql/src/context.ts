import type { Persistence } from '@ggen-sim/core';
import { graphqlError } from './errors.ts';
import type { AnswerSize } from './limits.ts';

/** What the fields of an operation work with. */
export interface FieldContext {
  readonly database: Persistence;
  readonly isWritable: boolean;
  readonly agentThatWrites: (given: string | undefined) => string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly answerSize: AnswerSize;
  readonly turns: Turns;
}

/**
 * Runs the fields that read or save one after the other. graphql-js would call those of a query all at once, so that none
 * of them could be left out when the signal fires.
 */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Runs a field after those before it. @throws {GraphQLError} ABORTED when the signal has fired by then */
  run(field: () => unknown): Promise<unknown> {
    const result = this.#last.then(() => {
      if (this.#signal?.aborted === true) throw graphqlError('ABORTED', 'The operation was ended');
      return field();
    });
    this.#last = result.catch(() => undefined);
    return result;
  }
}
