import type { Measurement, Platform, Results } from '../results.ts';
import { CASE_TITLES } from '../cases/index.ts';
import { ratioOf, summarize, type Summary } from '../statistics/summary.ts';

type Place = readonly [platform: Platform, engineId: string, caseName: string, rowCount: number];

/** Looks figures up in a run; what was not measured is `undefined`. */
export class Numbers {
  readonly #results: Results;

  constructor(results: Results) {
    this.#results = results;
  }

  summary(...[platform, engineId, caseName, rowCount]: Place): Summary | undefined {
    const trials = this.#trials(platform, engineId, caseName, rowCount);
    return trials && summarize(trials, CASE_TITLES.get(caseName)?.better ?? 'lower');
  }

  median(...place: Place): number | undefined {
    return this.summary(...place)?.median;
  }

  /** One engine over another, in the same case at the same size. */
  ratio(
    platform: Platform,
    [engineId, otherId]: readonly [string, string],
    caseName: string,
    rowCount: number,
  ): number | undefined {
    return this.#ratio([platform, engineId, caseName, rowCount], [platform, otherId, caseName, rowCount]);
  }

  /** One engine at one size over itself at another, in the same case. */
  growth(
    platform: Platform,
    engineId: string,
    caseName: string,
    [rowCount, otherCount]: readonly [number, number],
  ): number | undefined {
    return this.#ratio([platform, engineId, caseName, rowCount], [platform, engineId, caseName, otherCount]);
  }

  cost(platform: Platform, engineId: string, rowCount: number, name: string): number | undefined {
    return this.#cost(platform, engineId, rowCount)?.perSave[name];
  }

  peakMemoryBytes(platform: Platform, engineId: string, rowCount: number): number | undefined {
    return this.#cost(platform, engineId, rowCount)?.peakMemoryBytes;
  }

  #ratio(place: Place, other: Place): number | undefined {
    const [trials, others] = [this.#trials(...place), this.#trials(...other)];
    return trials && others && ratioOf(trials, others);
  }

  #trials(...[platform, engineId, caseName, rowCount]: Place): Measurement['trials'] | undefined {
    return this.#results.measurements.find(
      (each) =>
        each.platform === platform &&
        each.engineId === engineId &&
        each.caseName === caseName &&
        each.rowCount === rowCount,
    )?.trials;
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
