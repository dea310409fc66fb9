/**
 * Whole numbers turned into decisions. A story is drawn from plain numbers, so that any source of them will do (a
 * property-testing library that shrinks them, a seeded generator, a failure copied from a log) and a story can be sent
 * to a worker. Numbers that run out are zero: the simplest choice comes first everywhere.
 */
export class Choices {
  readonly #numbers: readonly number[];
  #taken = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** A whole number from 0 up to, but not including, `end`. */
  below(end: number): number {
    return (this.#numbers[this.#taken++] ?? 0) % end;
  }

  oneOf<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** True once in so many times, and never when numbers run out. */
  onceIn(times: number): boolean {
    return this.below(times) === times - 1;
  }

  listOf<Item>(atLeast: number, atMost: number, draw: () => Item): Item[] {
    return Array.from({ length: atLeast + this.below(atMost - atLeast + 1) }, draw);
  }
}

/** Numbers a story can be drawn from, the same ones for the same seed (mulberry32). */
export function seededNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
