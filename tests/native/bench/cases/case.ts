import type { BenchAuditEntry, BenchReceipt, Seed } from '../dataset/rows.ts';
import type { Session } from '../engines/engine.ts';

/** Limits on samples and time. The first limit reached ends a case. */
export interface Budget {
  readonly samples: number;
  /** For the samples. */
  readonly maxMs: number;
  /**
   * Calls before the samples, which are not timed. JavaScript and WebAssembly reach their speed after many hundreds of
   * saves, native code with the first.
   */
  readonly warmUps: number;
  readonly warmUpMs: number;
}

/** Input of a case. */
export interface CaseContext {
  readonly session: Session;
  readonly seed: Seed;
  readonly budget: Budget;
  /** New receipts and audit entries: the next one at each call. */
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
  /** Share of the budget's samples to take; heavy calls take few. @default 1 */
  readonly share?: number;
  /** True when an engine can run the case. @default always */
  readonly possible?: (session: Session) => boolean;
  /** Larger databases are not asked for it. */
  readonly maxRows?: number;
  readonly measure: (context: CaseContext) => Promise<number[]>;
}

/** Times calls one after the other, in ms. Warming up is not timed, and has time of its own. */
export async function timeEach(budget: Budget, call: () => Promise<unknown>): Promise<number[]> {
  await repeat(budget.warmUps, budget.warmUpMs, call);
  const durationsMs: number[] = [];
  await repeat(budget.samples, budget.maxMs, async () => {
    const start = performance.now();
    await call();
    durationsMs.push(performance.now() - start);
  });
  return durationsMs;
}

/** Calls so often, and once more only while there is time. The first of several calls may take all of it. */
export async function repeat(count: number, maxMs: number, call: () => Promise<unknown>): Promise<void> {
  const begin = performance.now();
  for (let done = 0; done < count; done++) {
    if (done > 0 && performance.now() - begin > maxMs) break;
    await call();
  }
}
