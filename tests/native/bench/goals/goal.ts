/** One figure of a goal, with what it must keep to. */
export interface Check {
  /** Size or case that was measured, as printed in a report. */
  readonly at: string;
  readonly value: number | undefined;
  readonly limit: number;
  readonly must: 'at most' | 'at least';
  readonly unit: '×' | 'ms';
}

/** A performance goal and whether a run met it. */
export interface Goal {
  readonly text: string;
  readonly checks: readonly Check[];
  /** Numbers shown beside the goal that do not decide it. */
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
