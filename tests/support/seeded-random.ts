/** Pseudo-random numbers (mulberry32). The same seed gives the same numbers, so a simulated failure can be repeated. */
export class SeededRandom {
  #state: number;

  /** @param seeds - several seeds give one sequence; their order matters */
  constructor(...seeds: readonly number[]) {
    this.#state = 0x9e3779b9;
    for (const seed of seeds) this.#state = Math.imul(this.#step() * 2 ** 32, 0x85ebca6b) ^ seed;
  }

  #step(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Returns a number from 0 up to, but not including, 1. */
  fraction(): number {
    return this.#step();
  }

  /** Returns a whole number from 0 up to, but not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.#step() * limit);
  }

  /** Returns a whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.#step() < probability;
  }

  /** Returns one of the items. */
  oneOf<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
