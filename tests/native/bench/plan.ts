import type { Budget } from './cases/case.ts';
import type { RunKind } from './results.ts';

/** Amount of work in a run. */
export interface Plan {
  readonly kind: RunKind;
  readonly node: PlatformPlan;
  readonly chromium: PlatformPlan;
  readonly cliRuns: number;
}

/** Amount of work on one platform. */
export interface PlatformPlan {
  readonly rowCounts: readonly number[];
  /** Trials of each engine and size; they take turns. */
  readonly rounds: number;
  /** Further processes or pages in each round that open and save a little. */
  readonly opens: number;
  readonly budget: Budget;
  /** Databases of this size are given only to engines that take over a whole file; others would insert for long. */
  readonly wholeFilesOnlyFrom: number;
}

export const PLANS: Readonly<Record<RunKind, Plan>> = {
  smoke: {
    kind: 'smoke',
    node: {
      rowCounts: [1000],
      rounds: 1,
      opens: 1,
      budget: { samples: 5, maxMs: 300, warmUps: 1, warmUpMs: 300 },
      wholeFilesOnlyFrom: Infinity,
    },
    chromium: {
      rowCounts: [1000],
      rounds: 1,
      opens: 1,
      budget: { samples: 3, maxMs: 300, warmUps: 1, warmUpMs: 300 },
      wholeFilesOnlyFrom: Infinity,
    },
    cliRuns: 1,
  },
  short: {
    kind: 'short',
    node: {
      rowCounts: [1000, 100_000],
      rounds: 2,
      opens: 2,
      budget: { samples: 100, maxMs: 400, warmUps: 300, warmUpMs: 800 },
      wholeFilesOnlyFrom: Infinity,
    },
    chromium: {
      rowCounts: [1000, 100_000],
      rounds: 1,
      opens: 2,
      budget: { samples: 60, maxMs: 300, warmUps: 300, warmUpMs: 800 },
      wholeFilesOnlyFrom: 100_000,
    },
    cliRuns: 5,
  },
  full: {
    kind: 'full',
    node: {
      rowCounts: [1000, 100_000, 1_000_000],
      rounds: 3,
      opens: 3,
      budget: { samples: 200, maxMs: 800, warmUps: 1000, warmUpMs: 2000 },
      wholeFilesOnlyFrom: Infinity,
    },
    chromium: {
      rowCounts: [1000, 100_000],
      rounds: 2,
      opens: 3,
      budget: { samples: 150, maxMs: 800, warmUps: 1000, warmUpMs: 2000 },
      wholeFilesOnlyFrom: Infinity,
    },
    cliRuns: 15,
  },
};
