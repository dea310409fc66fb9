export { expect, type WaitingMatcher, type WaitingMatchers, type WaitOptions } from './playwright/expect.ts';
export { PageDatabase, type DatabaseLocation } from './playwright/page-database.ts';
export { test, type DatabaseFixtures, type DatabaseOptions } from './playwright/test.ts';
export type * from './matchers/expected-rows.ts';
export type { MatcherResult } from './matchers/match-rows.ts';
export type { CopyOptions, DatabaseSource } from './source/copied-database.ts';
