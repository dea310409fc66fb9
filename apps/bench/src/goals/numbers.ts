import type { Platform, Results } from '../results.ts';
import { CASE_TITLES } from '../cases/index.ts';
import { summarize, type Summary } from '../statistics/summary.ts';

/** Looks figures up in a run; what was not measured is `undefined`. */
export class Numbers {
  readonly #results: Results;

  constructor(results: Results) {
    this.#results = results;
  }

  summary(platform: Platform, engineId: string, caseName: string, rowCount: number): Summary | undefined {
    const found = this.#results.measurements.find(
      (each) =>
        each.platform === platform &&
        each.engineId === engineId &&
        each.caseName === caseName &&
        each.rowCount === rowCount,
    );
    return found && summarize(found.samples, CASE_TITLES.get(caseName)?.better ?? 'lower');
  }

  median(platform: Platform, engineId: string, caseName: string, rowCount: number): number | undefined {
    return this.summary(platform, engineId, caseName, rowCount)?.median;
  }

  /** The median of one engine over that of another, in the same case at the same size. */
  ratio(
    platform: Platform,
    [engineId, otherId]: readonly [string, string],
    caseName: string,
    rowCount: number,
  ): number | undefined {
    return over(
      this.median(platform, engineId, caseName, rowCount),
      this.median(platform, otherId, caseName, rowCount),
    );
  }

  cost(platform: Platform, engineId: string, rowCount: number, name: string): number | undefined {
    return this.#cost(platform, engineId, rowCount)?.perSave[name];
  }

  peakMemoryBytes(platform: Platform, engineId: string, rowCount: number): number | undefined {
    return this.#cost(platform, engineId, rowCount)?.peakMemoryBytes;
  }

  #cost(platform: Platform, engineId: string, rowCount: number): Results['costs'][number] | undefined {
    return this.#results.costs.find(
      (each) => each.platform === platform && each.engineId === engineId && each.rowCount === rowCount,
    );
  }
}

/** A quotient of what may not have been measured. */
export function over(dividend: number | undefined, divisor: number | undefined): number | undefined {
  return dividend === undefined || divisor === undefined ? undefined : dividend / divisor;
}
