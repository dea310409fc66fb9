import type { Budget } from '../cases/case.ts';
import type { Seed } from '../dataset/rows.ts';
import type { Place } from '../engines/engine.ts';

/** One engine, one database, one process or page. */
export interface TrialRequest {
  readonly engineId: string;
  readonly place: Place;
  readonly seed: Seed;
  /** Unlike any other run's on the same database. */
  readonly run: string;
  /** Cases by name; none means opening is all that is measured. */
  readonly cases: readonly string[];
  readonly budget: Budget;
  /** The dataset's rows with those that earlier trials added; null when one of these was interrupted. */
  readonly rowsBefore: { readonly receipts: number; readonly auditEntries: number } | null;
  readonly scratch: string;
}

/** Cost of one save below the engine, in calls and bytes. */
export type Costs = Readonly<Record<string, number>>;

/** Measurements of a trial. */
export interface TrialResult {
  /** From the first line that loads the engine's code to the first answer. */
  readonly openMs: number;
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Per save, where the platform can tell. */
  readonly costsPerSave: Costs;
  readonly peakMemoryBytes: number | undefined;
  /** Counted by the engine at the end, and found to be what was there and what was written. */
  readonly rowsAfter: { readonly receipts: number; readonly auditEntries: number };
}

/** Counts what goes on below an engine; differences of two readings are what happened between them. */
export type CostProbe = () => Costs;
