/** One figure of a goal, with what it must keep to. */
export interface Check {
  /** Where it was measured, as a report says it. */
  readonly at: string;
  readonly value: number | undefined;
  readonly limit: number;
  readonly must: 'at most' | 'at least';
  readonly unit: '×' | 'ms';
}

/** What this project wants of itself, and what a run says of it. */
export interface Goal {
  readonly text: string;
  readonly checks: readonly Check[];
  /** What stands beside the figures without being judged. */
  readonly beside?: string;
}

export type Verdict = 'reached' | 'missed' | 'not measured';

/** A goal is reached when every figure was measured and keeps its limit; one that does not is enough to miss it. */
export function verdictOf({ checks }: Goal): Verdict {
  const outcomes = new Set(checks.map(checkOutcome));
  if (outcomes.has('missed')) return 'missed';
  return outcomes.has('not measured') ? 'not measured' : 'reached';
}

export function checkOutcome({ value, limit, must }: Check): Verdict {
  if (value === undefined) return 'not measured';
  return (must === 'at most' ? value <= limit : value >= limit) ? 'reached' : 'missed';
}
