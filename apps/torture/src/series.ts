import type { CrashReport } from '@ggen-sim/sqljs-vfs/testing';

/** How much of a series, and which. */
export interface SeriesOptions {
  /** Crashes in all of its modes together. */
  readonly points: number;
  readonly seed: number;
}

/** Runs a series: one report for each storage and mode. */
export type RunSeries = (options: SeriesOptions) => Promise<CrashReport[]>;

/** A series of crashes. A module of its own makes each; `main.ts` lists them. */
export interface Series {
  /** For `--only`. */
  readonly name: string;
  /** Its part of all points, compared with the other series. */
  readonly weight: number;
  /** What users have: may not fail. */
  readonly run: RunSeries;
  /** The same with something missing: each mode must fail. */
  readonly runControls?: RunSeries;
}
