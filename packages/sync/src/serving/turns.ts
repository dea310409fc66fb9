/** Lets so many callers work at a time; the others wait, in the order in which they came. */
export class Turns {
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(running: number, maxWaiting: number) {
    this.#free = running;
    this.#maxWaiting = maxWaiting;
  }

  /** False when a further caller should not wait. */
  get hasRoom(): boolean {
    return this.#waiting.length < this.#maxWaiting;
  }

  /** Waits for a turn. @returns ends it */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }
}
