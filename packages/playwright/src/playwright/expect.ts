import { setTimeout as pause } from 'node:timers/promises';
import { expect as base, type Expect, type ExpectMatcherState } from '@playwright/test';
import type { ExpectedRows, StoredRows } from '../matchers/expected-rows.ts';
import { checkCall, matchRows, type MatcherResult } from '../matchers/match-rows.ts';

/** Options of a matcher that waits. */
export interface WaitOptions {
  /** How long to wait for the row, in milliseconds. @default the timeout of `expect` */
  readonly timeout?: number;
}

/** A matcher that looks again until it passes, or the time is over. */
export type WaitingMatcher<Expected> = (
  this: ExpectMatcherState,
  database: StoredRows,
  expected: Expected,
  options?: WaitOptions,
) => Promise<MatcherResult>;

/** The matchers of {@link expect}. */
export type WaitingMatchers = {
  [Matcher in keyof ExpectedRows]: WaitingMatcher<ExpectedRows[Matcher]>;
};

/** Pauses between two looks, as in Playwright's `expect.poll`; the last one is repeated. */
const PAUSES_MS = [100, 250, 500, 1000];

function waiting<Matcher extends keyof ExpectedRows>(
  matcher: Matcher,
): WaitingMatcher<ExpectedRows[Matcher]> {
  return async function look(database, expected, options) {
    checkCall(matcher, database, expected);
    const end = performance.now() + (options?.timeout ?? this.timeout);
    for (let looks = 0; ; looks += 1) {
      const leftMs = end - performance.now();
      try {
        const result = await matchRows(matcher, database, expected, this);
        if (result.pass !== this.isNot || leftMs <= 0) return result;
      } catch (error) {
        // The page may not have created its database yet.
        if (leftMs <= 0) throw error;
      }
      await pause(Math.min(PAUSES_MS[looks] ?? 1000, leftMs));
    }
  };
}

/**
 * Playwright's `expect`, with matchers for what a database holds. They wait until there is such a row (with `.not`: until
 * there is none), up to the timeout of `expect`.
 *
 * @example
 * await expect(pageDatabase).toHaveReceipt({ agentId: 'validator-1', receipt: { violations: 0 } });
 */
export const expect: Expect<WaitingMatchers> = base.extend<WaitingMatchers>({
  toHaveReceipt: waiting('toHaveReceipt'),
  toHaveMemory: waiting('toHaveMemory'),
  toHaveAudited: waiting('toHaveAudited'),
});
