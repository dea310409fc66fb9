/** Matchers and databases for tests in Node that run in Vitest. */
import type { Persistence } from '@ggen-sim/core';
import { onTestFinished } from 'vitest';
import type { ExpectedRows, StoredRows } from './matchers/expected-rows.ts';
import { checkCall, matchRows, type MatcherResult, type MatcherState } from './matchers/match-rows.ts';
import {
  openCopy,
  type CopiedDatabase,
  type CopyOptions,
  type DatabaseSource,
} from './source/copied-database.ts';

export type * from './matchers/expected-rows.ts';
export type { MatcherResult, MatcherState } from './matchers/match-rows.ts';
export type { CopyOptions, DatabaseSource } from './source/copied-database.ts';

/** What the matchers add to Vitest's `expect`. */
export type RowAssertions = {
  [Matcher in keyof ExpectedRows]: (expected: ExpectedRows[Matcher]) => Promise<void>;
};

declare module 'vitest' {
  // The name of the parameter is Vitest's.
  // oxlint-disable-next-line no-unused-vars, typescript/no-empty-object-type
  interface Matchers<T> extends RowAssertions {}
}

/** A matcher for `expect.extend`. It looks once. */
export type RowMatcher<Expected> = (
  this: MatcherState,
  database: StoredRows,
  expected: Expected,
) => Promise<MatcherResult>;

/** The matchers, by their names. */
export type RowMatchers = { [Matcher in keyof ExpectedRows]: RowMatcher<ExpectedRows[Matcher]> };

function matcherOf<Matcher extends keyof ExpectedRows>(matcher: Matcher): RowMatcher<ExpectedRows[Matcher]> {
  return async function match(database, expected) {
    checkCall(matcher, database, expected);
    return matchRows(matcher, database, expected, this);
  };
}

/**
 * Matchers for what a database holds.
 *
 * @example
 * expect.extend(persistenceMatchers);
 * await expect(persistence).toHaveReceipt({ agentId: 'validator-1', receipt: { violations: 0 } });
 */
export const persistenceMatchers: RowMatchers = {
  toHaveReceipt: matcherOf('toHaveReceipt'),
  toHaveMemory: matcherOf('toHaveMemory'),
  toHaveAudited: matcherOf('toHaveAudited'),
};

/**
 * Opens a copy of a database, which the end of the test closes and removes.
 *
 * @param source - path of a database file, the bytes of one, or rows. @default an empty database
 * @throws {PersistenceError} as `openPersistence` and, for rows, as `Persistence.record`
 */
export async function persistenceFrom(source?: DatabaseSource, options?: CopyOptions): Promise<Persistence> {
  let opening: Promise<CopiedDatabase> | undefined;
  // Registered before anything is awaited: until then Vitest knows which test calls.
  onTestFinished(() =>
    opening?.then(
      (copy) => copy.remove(),
      () => undefined,
    ),
  );
  opening = openCopy(source, options);
  return (await opening).persistence;
}
