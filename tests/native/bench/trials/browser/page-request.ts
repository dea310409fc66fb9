import type { EngineFacts } from '../../engines/engine.ts';
import type { TrialRequest, TrialResult } from '../trial.ts';

/** Request to a page: make a database, or run a trial on it. */
export interface PageRequest {
  readonly task: 'fill' | 'trial';
  readonly trial: TrialRequest;
  readonly schema: readonly string[];
  /** URL of the dataset's file. */
  readonly imageUrl: string;
}

/** Response of a page; errors are text. */
export type PageAnswer = { readonly result: TrialResult | null } | { readonly error: string };

/** Facts about an engine in a page. */
export interface PageEngineFacts extends EngineFacts {
  /** `image`: takes over the seed's file. `rows`: inserts every row. */
  readonly fills: 'image' | 'rows';
}

/** Functions of the page for Playwright, as `benchPage`. */
export interface BenchPage {
  readonly engines: readonly PageEngineFacts[];
  run(request: PageRequest): Promise<PageAnswer>;
  /** Saves this many receipts through ggen-sim in IndexedDB and leaves the database open. @returns the bytes that wait for a checkpoint */
  leaveCommits(name: string, run: string, count: number): Promise<number>;
  /** Strict transactions of the shape of a save, with no code of ggen-sim's. @returns ms of each */
  bareSaves(count: number): Promise<number[]>;
}
