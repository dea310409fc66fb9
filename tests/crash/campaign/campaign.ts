import type { CrashReport } from '../crash-report.ts';

/** How much of a series, and which. */
export interface CampaignOptions {
  /** Crashes in all of its modes together. */
  readonly points: number;
  readonly seed: number;
}

/** Runs a series: one report for each storage and mode. */
export type RunSeries = (options: CampaignOptions) => Promise<CrashReport[]>;

/** A series of crashes. A module of its own makes each; `main.ts` lists them. */
export interface Campaign {
  /** For `--only`. */
  readonly name: string;
  /** Its part of all points, compared with the other series. */
  readonly weight: number;
  /** What users have: may not fail. */
  readonly run: RunSeries;
  /** The same with something missing: each mode must fail. */
  readonly runControls?: RunSeries;
}
