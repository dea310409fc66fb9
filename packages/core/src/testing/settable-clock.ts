const MS_PER_SECOND = 1000;
const SECONDS_PER_DAY = 86_400;

/** A clock that stands still until it is set. */
export class SettableClock {
  #now: Date;

  /** @param now - ISO 8601 */
  constructor(now: string) {
    this.#now = new Date(now);
  }

  /** The `clock` option of `openPersistence`. */
  readonly read = (): Date => new Date(this.#now);

  /** @param now - ISO 8601 */
  set(now: string): void {
    this.#now = new Date(now);
  }

  forwardSeconds(seconds: number): void {
    this.#now = new Date(this.#now.getTime() + seconds * MS_PER_SECOND);
  }

  forwardDays(days: number): void {
    this.forwardSeconds(days * SECONDS_PER_DAY);
  }
}
