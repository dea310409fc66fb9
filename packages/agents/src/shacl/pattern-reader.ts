/** Reason why a text is not a regular expression of XPath, or not one that JavaScript can express. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** Position in a regular expression, which moves forward by whole characters (code points). */
export class PatternReader {
  readonly #characters: readonly string[];
  #position = 0;

  constructor(pattern: string) {
    this.#characters = Array.from(pattern);
  }

  /** Next character; empty at the end. */
  get next(): string {
    return this.#characters[this.#position] ?? '';
  }

  /** True when the characters of the text come next. */
  isAt(text: string): boolean {
    return Array.from(text).every(
      (character, index) => this.#characters[this.#position + index] === character,
    );
  }

  /** Reads one character. */
  take(): string {
    const character = this.next;
    if (character === '') this.fail('it ends too early');
    this.#position += 1;
    return character;
  }

  /** Reads the text when it comes next. */
  accept(text: string): boolean {
    if (!this.isAt(text)) return false;
    this.#position += Array.from(text).length;
    return true;
  }

  /** Reads characters as long as the test accepts them. */
  takeWhile(test: RegExp): string {
    let taken = '';
    while (test.test(this.next)) taken += this.take();
    return taken;
  }

  /** @throws {PatternError} */
  fail(problem: string): never {
    throw new PatternError(`${problem} (at character ${this.#position + 1})`);
  }
}
