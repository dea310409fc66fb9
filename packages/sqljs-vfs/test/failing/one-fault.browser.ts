/** One call in a workload that fails: which one, and what it was. */
export class OneFault {
  readonly #failingCall: number;
  #calls = 0;
  #disturbing = true;
  /** The call that failed, once it has. */
  struck: string | undefined;

  /** @param failingCall - counted from 0, of the calls that {@link strikes} is asked about */
  constructor(failingCall: number) {
    this.#failingCall = failingCall;
  }

  /** Whether this call is the one that fails. */
  strikes(call: string): boolean {
    if (!this.#disturbing || this.#calls++ !== this.#failingCall) return false;
    this.struck = call;
    return true;
  }

  /** What another tab does meanwhile, and what looks at the outcome. */
  async undisturbed<Output>(work: () => Promise<Output>): Promise<Output> {
    const before = this.#disturbing;
    this.#disturbing = false;
    try {
      return await work();
    } finally {
      this.#disturbing = before;
    }
  }
}

/** A method of the browser's. */
export type Method = (...given: unknown[]) => unknown;

/**
 * Puts something in front of the browser's methods, until it is taken away again.
 * @param call - stands for the method: gets `this`, the arguments, the method itself (with other arguments, if it is
 * given any) and its name
 * @returns what takes it away
 */
export function intercept(
  owner: { readonly prototype: object },
  methods: readonly string[],
  call: (self: unknown, given: unknown[], original: Method, method: string) => unknown,
): () => void {
  const prototype = owner.prototype as Record<string, Method>;
  const originals = methods.map((method) => [method, prototype[method] as Method] as const);
  for (const [method, original] of originals) {
    prototype[method] = function intercepted(this: unknown, ...given: unknown[]): unknown {
      return call(
        this,
        given,
        (...changed) => original.apply(this, changed.length > 0 ? changed : given),
        method,
      );
    };
  }
  return () => {
    for (const [method, original] of originals) prototype[method] = original;
  };
}
