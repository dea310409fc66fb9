/** What a check found about a row, as `table rowid`, or about the log itself. */
export interface HistoryProblem {
  readonly row: string | null;
  readonly message: string;
}

/** The problems of the first entries, found from the last entry back. */
export class ProblemTail {
  readonly #limit: number;
  #latest: HistoryProblem[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(problem: HistoryProblem): void {
    this.#latest.push(problem);
    if (this.#latest.length >= 2 * this.#limit) this.#latest = this.#latest.slice(-this.#limit);
  }

  get first(): readonly HistoryProblem[] {
    return this.#latest.slice(-this.#limit).toReversed();
  }
}
