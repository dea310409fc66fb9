/** The assertions that a suite uses: the common part of `expect` in vitest and jest. */
export interface Matchers {
  readonly not: Matchers;
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toMatch(expected: RegExp): void;
  toBeGreaterThan(expected: number): void;
  toBeLessThan(expected: number): void;
}

/**
 * The test framework. The caller passes it, so that a suite runs where the caller's tests run: in Node or in a page.
 * The `describe`, `it` and `expect` of vitest match this type. Jest's `expect` refuses a message: pass
 * `(actual) => expect(actual)`.
 */
export interface TestFramework {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: ((name: string, body: () => Promise<void>) => void) & {
    readonly skip: (name: string, body: () => Promise<void>) => void;
  };
  readonly expect: (actual: unknown, message?: string) => Matchers;
}
