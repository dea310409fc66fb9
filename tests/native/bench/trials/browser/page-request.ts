import type { EngineFacts } from '../../engines/engine.ts';
import type { TrialRequest, TrialResult } from '../trial.ts';

/** What a page is asked to do: make a database, or run a trial on it. */
export interface PageRequest {
  readonly task: 'fill' | 'trial';
  readonly trial: TrialRequest;
  readonly schema: readonly string[];
  /** Where the seed's file is. */
  readonly imageUrl: string;
}

/** What a page answers, errors in words. */
export type PageAnswer = { readonly result: TrialResult | null } | { readonly error: string };

/** What is said of an engine in a page. */
export interface PageEngineFacts extends EngineFacts {
  /** `image`: takes over the seed's file. `rows`: inserts every row. */
  readonly fills: 'image' | 'rows';
}

/** What the page offers to whoever drives it, as `benchPage`. */
export interface BenchPage {
  readonly engines: readonly PageEngineFacts[];
  run(request: PageRequest): Promise<PageAnswer>;
}
