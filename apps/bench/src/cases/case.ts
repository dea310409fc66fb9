import type { BenchAuditEntry, BenchReceipt, Seed } from '../dataset/rows.ts';
import type { Session } from '../engines/engine.ts';

/** How often, and for how long at most. Whichever comes first ends a case. */
export interface Budget {
  readonly samples: number;
  /** Discarded, before the samples. */
  readonly warmUps: number;
  readonly maxMs: number;
}

/** What a case works with. */
export interface CaseContext {
  readonly session: Session;
  readonly seed: Seed;
  readonly budget: Budget;
  /** Receipts and audit entries that are in nobody's way: the next one, each time. */
  readonly next: NextRows;
  /** A folder of the trial's own, or a name in a page. */
  readonly scratch: string;
}

/** Rows not yet saved, and how many were handed out. */
export interface NextRows {
  receipt(): BenchReceipt;
  auditEntry(): BenchAuditEntry;
  readonly receiptsMade: number;
  readonly auditEntriesMade: number;
}

/** One question put to every engine. */
export interface Case {
  readonly name: string;
  readonly title: string;
  /** `ms` of one call, or rows durable `per second`. */
  readonly unit: 'ms' | 'per second';
  readonly better: 'lower' | 'higher';
  /** How many of the samples a budget allows are taken; heavy calls take few. @default 1 */
  readonly share?: number;
  /** Whether an engine can do it at all. @default always */
  readonly possible?: (session: Session) => boolean;
  /** Larger databases are not asked for it. */
  readonly maxRows?: number;
  readonly measure: (context: CaseContext) => Promise<number[]>;
}

/** Times calls one after the other, in ms. What warms up is dropped, but never the only sample. */
export async function timeEach(budget: Budget, call: () => Promise<unknown>): Promise<number[]> {
  const durationsMs: number[] = [];
  const begin = performance.now();
  while (durationsMs.length < budget.warmUps + budget.samples) {
    const start = performance.now();
    if (durationsMs.length > 0 && start - begin > budget.maxMs) break;
    await call();
    durationsMs.push(performance.now() - start);
  }
  return durationsMs.slice(Math.min(budget.warmUps, durationsMs.length - 1));
}
