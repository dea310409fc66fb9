/** Random numbers that a seed repeats exactly (mulberry32): every simulated failure can be had again. */
export class SeededRandom {
  #state: number;

  /** @param seeds - several numbers give one sequence; another order gives another sequence */
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

  /** From 0 to just under 1. */
  fraction(): number {
    return this.#step();
  }

  /** A whole number from 0 to just under a limit. */
  below(limit: number): number {
    return Math.floor(this.#step() * limit);
  }

  /** A whole number between two, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.#step() < probability;
  }

  /** One of several. */
  oneOf<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }
}
