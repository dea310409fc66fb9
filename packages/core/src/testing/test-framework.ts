/** What the suite asserts with: the part that the `expect` of vitest and jest have in common. */
export interface Matchers {
  readonly not: Matchers;
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toMatch(expected: RegExp): void;
  toBeGreaterThan(expected: number): void;
  toBeLessThan(expected: number): void;
}

/** The test framework, handed in, so that the suite runs wherever its caller's tests do: in Node and in a page. */
export interface TestFramework {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: ((name: string, body: () => Promise<void>) => void) & {
    readonly skip: (name: string, body: () => Promise<void>) => void;
  };
  readonly expect: (actual: unknown, message?: string) => Matchers;
}
