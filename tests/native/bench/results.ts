import type { EngineFacts } from './engines/engine.ts';
import type { Costs } from './trials/trial.ts';

/** Of the files that results are kept in. */
export const FORMAT_VERSION = 2;

/** Platform that an engine ran on. */
export type Platform = 'node' | 'chromium';

/** Every sample of one case, one engine, one size; the raw material of everything a report says. */
export interface Measurement {
  readonly platform: Platform;
  readonly engineId: string;
  readonly caseName: string;
  readonly rowCount: number;
  /** Samples of each trial, in order: trials with the same index ran next to each other. */
  readonly trials: readonly (readonly number[])[];
}

/** Cost of one save below an engine. */
export interface CostMeasurement {
  readonly platform: Platform;
  readonly engineId: string;
  readonly rowCount: number;
  readonly perSave: Costs;
  readonly peakMemoryBytes: number | undefined;
}

/** A measurement that is missing, and the reason. */
export interface Omission {
  readonly platform: Platform;
  readonly engineId: string;
  readonly rowCount: number;
  readonly reason: string;
}

/** One run of the benchmarks. */
export interface Results {
  readonly formatVersion: typeof FORMAT_VERSION;
  readonly kind: RunKind;
  /** ISO 8601 with Z. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly engines: readonly PlacedEngine[];
  readonly measurements: readonly Measurement[];
  readonly costs: readonly CostMeasurement[];
  readonly omissions: readonly Omission[];
}

export type RunKind = 'smoke' | 'short' | 'full';

/** An engine and where it ran. */
export interface PlacedEngine extends EngineFacts {
  readonly platform: Platform;
}

/** Selects the facts about an engine that results keep. */
export function factsOf(engine: EngineFacts, platform: Platform): PlacedEngine {
  const { id, title, ggenSim, durability, maxRows, keepsNothing } = engine;
  return {
    platform,
    id,
    title,
    ggenSim,
    durability,
    ...(maxRows !== undefined && { maxRows }),
    ...(keepsNothing && { keepsNothing }),
  };
}

/** Runs of one kind, on one machine, of different platforms, as one. */
export function together(runs: readonly Results[]): Results {
  const [first] = runs;
  if (!first) throw new Error('there is no run to report');
  const platforms = runs.flatMap(({ engines }) => [...new Set(engines.map(({ platform }) => platform))]);
  if (new Set(platforms).size < platforms.length)
    throw new Error('two runs of one platform were not measured side by side');
  const placeOf = ({ kind, machine }: Results): string => JSON.stringify([kind, machine]);
  if (runs.some((run) => placeOf(run) !== placeOf(first)))
    throw new Error('runs of different kinds or machines do not belong together');
  return {
    ...first,
    durationMs: runs.reduce((sum, { durationMs }) => sum + durationMs, 0),
    versions: Object.fromEntries(runs.flatMap(({ versions }) => Object.entries(versions))),
    engines: runs.flatMap(({ engines }) => engines),
    measurements: runs.flatMap(({ measurements }) => measurements),
    costs: runs.flatMap(({ costs }) => costs),
    omissions: runs.flatMap(({ omissions }) => omissions),
  };
}
