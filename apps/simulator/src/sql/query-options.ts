/** The limits of a query in SQL, as the address has them. */
import type { Address } from '../address/address.ts';

/** Choices for the largest number of rows. */
export const ROW_LIMITS: readonly number[] = [100, 1000, 10_000, 100_000];

/** Choices for the time limit, in seconds. While a query runs, nobody can save; what saves waits for 30 seconds. */
export const TIME_LIMITS_S: readonly number[] = [1, 10, 25];

/** How the rows of a query are shown. */
export type ResultView = 'table' | 'chart';

/** A query with its limits. */
export interface LimitedQuery {
  readonly sql: string | undefined;
  readonly limit: number;
  readonly timeoutS: number;
}

/** Reads the query of an address. What is none of the choices counts as the usual: a link sets no limits of its own. */
export function queryOf({ sql, limit, timeout }: Address): LimitedQuery {
  return { sql, limit: choiceOf(ROW_LIMITS, limit, 1000), timeoutS: choiceOf(TIME_LIMITS_S, timeout, 10) };
}

/** Reads how an address shows its rows. */
export function resultViewOf({ show }: Address): ResultView {
  return show === 'chart' ? 'chart' : 'table';
}

function choiceOf(choices: readonly number[], given: string | undefined, usual: number): number {
  return choices.find((choice) => String(choice) === given) ?? usual;
}
