/** Numbers that depend on a seed alone. */
export interface Random {
  /** @returns a whole number from 0 to, and without, a bound */
  below(bound: number): number;
  /** @returns true once in so many times */
  oneIn(count: number): boolean;
}

/** Makes such numbers (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  const below = (bound: number): number => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
  return { below, oneIn: (count) => below(count) === 0 };
}
