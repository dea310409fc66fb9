/**
 * Turns whole numbers into decisions. Scenarios are made from plain numbers, so that any source fits: a property-testing
 * library that shrinks them, a seeded generator, a failure copied from a log. They can also be sent to a worker. Missing
 * numbers are zero, so the simplest choice comes first everywhere.
 */
export class Choices {
  readonly #numbers: readonly number[];
  #taken = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** Returns a whole number from 0 up to, but not including, `end`. */
  below(end: number): number {
    return (this.#numbers[this.#taken++] ?? 0) % end;
  }

  oneOf<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] as T;
  }

  /** True once in `times` draws on average, and false when no numbers are left. */
  onceIn(times: number): boolean {
    return this.below(times) === times - 1;
  }

  listOf<T>(atLeast: number, atMost: number, draw: () => T): T[] {
    return Array.from({ length: atLeast + this.below(atMost - atLeast + 1) }, draw);
  }
}

/** Returns a generator of numbers for scenarios, the same for the same seed (mulberry32). */
export function seededNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
