/** The one call of a workload that fails. */
export class OneFault {
  readonly #failingCall: number;
  #calls = 0;
  #active = true;
  /** Description of the call that failed, once it has. */
  failedCall: string | undefined;

  /** @param failingCall - counted from 0, over the calls of {@link shouldFail} */
  constructor(failingCall: number) {
    this.#failingCall = failingCall;
  }

  /** True when this call is the one that fails. */
  shouldFail(call: string): boolean {
    if (!this.#active || this.#calls++ !== this.#failingCall) return false;
    this.failedCall = call;
    return true;
  }

  /** Runs `work` without a fault: the calls of another tab, or those that check the outcome. */
  async suspended<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#active;
    this.#active = false;
    try {
      return await work();
    } finally {
      this.#active = before;
    }
  }
}

/** A method of a browser's object. */
export type Method = (...parameters: unknown[]) => unknown;

/**
 * Replaces methods of the browser's objects.
 * @param call - called instead of the method, with `this`, its arguments, the original method and its name. The original
 * takes the same arguments, unless it is called with others
 * @returns the function that restores the methods
 */
export function intercept(
  owner: { readonly prototype: object },
  methods: readonly string[],
  call: (self: unknown, parameters: unknown[], original: Method, method: string) => unknown,
): () => void {
  const prototype = owner.prototype as Record<string, Method>;
  const originals = methods.map((method) => [method, prototype[method] as Method] as const);
  for (const [method, original] of originals) {
    prototype[method] = function intercepted(this: unknown, ...parameters: unknown[]): unknown {
      return call(
        this,
        parameters,
        (...changed) => original.apply(this, changed.length > 0 ? changed : parameters),
        method,
      );
    };
  }
  return () => {
    for (const [method, original] of originals) prototype[method] = original;
  };
}
