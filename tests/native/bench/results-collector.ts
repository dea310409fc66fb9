import type { CostMeasurement, Measurement, Omission, Platform } from './results.ts';
import type { Costs, TrialResult } from './trials/trial.ts';

/** Gathers trials into measurements: the samples of a case of all trials of an engine and size stand together. */
export class ResultsCollector {
  readonly #measurements: Map<string, Measurement & { trials: (readonly number[])[] }> = new Map();
  readonly #costs: Map<string, CostMeasurement> = new Map();
  readonly #omissions: Omission[] = [];

  add(
    where: { platform: Platform; engineId: string; rowCount: number },
    result: TrialResult,
    { withOpen = true }: { withOpen?: boolean } = {},
  ): void {
    const { platform, engineId, rowCount } = where;
    if (withOpen) this.samples({ ...where, caseName: 'open' }, [result.openMs]);
    for (const [caseName, samples] of Object.entries(result.samples)) {
      this.samples({ ...where, caseName }, samples);
    }
    this.cost({ platform, engineId, rowCount }, result.costsPerSave, result.peakMemoryBytes);
  }

  /** Adds the cost of a save below an engine to the costs known already. */
  cost(
    where: Omit<CostMeasurement, 'perSave' | 'peakMemoryBytes'>,
    perSave: Costs,
    peakMemoryBytes: number = 0,
  ): void {
    const key = `${where.platform} ${where.engineId} ${where.rowCount}`;
    const earlier = this.#costs.get(key);
    this.#costs.set(key, {
      ...where,
      perSave: { ...earlier?.perSave, ...perSave },
      peakMemoryBytes: Math.max(earlier?.peakMemoryBytes ?? 0, peakMemoryBytes) || undefined,
    });
  }

  /** Adds the samples of a trial. */
  samples(where: Omit<Measurement, 'trials'>, samples: readonly number[]): void {
    const key = `${where.platform} ${where.engineId} ${where.caseName} ${where.rowCount}`;
    const measurement = this.#measurements.get(key);
    if (measurement) measurement.trials.push(samples);
    else this.#measurements.set(key, { ...where, trials: [samples] });
  }

  omit(omission: Omission): void {
    this.#omissions.push(omission);
  }

  get measurements(): Measurement[] {
    return [...this.#measurements.values()];
  }

  get costs(): CostMeasurement[] {
    return [...this.#costs.values()];
  }

  get omissions(): readonly Omission[] {
    return this.#omissions;
  }
}
