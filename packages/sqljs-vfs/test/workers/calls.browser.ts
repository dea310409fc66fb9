/** Calls to a test's worker. Arguments and results are cloned; errors keep name, code and message. */
type Call = (...parameters: never[]) => unknown;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly parameters: readonly unknown[];
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly message: string; readonly fields: Record<string, unknown> };
}

/** Serves calls by name, in the worker. */
export function serveCalls(calls: Readonly<Record<string, Call>>): void {
  globalThis.addEventListener('message', ({ data }: MessageEvent<Question>) => {
    const reply = (answer: Omit<Reply, 'id'>): void => globalThis.postMessage({ id: data.id, ...answer });
    Promise.resolve()
      .then(() => (calls[data.name] as (...parameters: readonly unknown[]) => unknown)(...data.parameters))
      .then(
        (value) => reply({ value }),
        (error: Error & { code?: unknown; resultCode?: unknown }) => {
          const { name, stack, code, resultCode } = error;
          reply({ error: { message: error.message, fields: { name, stack, code, resultCode } } });
        },
      );
  });
}

/** A test's worker, as the page calls it. */
export class CalledWorker {
  readonly #worker: Worker;
  readonly #waiting: Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }> =
    new Map();
  #lastId = 0;
  #failed: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      const caller = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.error) caller?.reject(Object.assign(new Error(data.error.message), data.error.fields));
      else caller?.resolve(data.value);
    });
    worker.addEventListener('error', (event) => {
      this.#failed = new Error(`the worker failed: ${event.message || 'it could not be loaded'}`);
      for (const { reject } of this.#waiting.values()) reject(this.#failed);
    });
  }

  call(name: string, ...parameters: unknown[]): Promise<unknown> {
    if (this.#failed) return Promise.reject(this.#failed);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, name, parameters } satisfies Question);
    });
  }

  /** Ends the worker at once, even during a call. */
  terminate(): void {
    this.#worker.terminate();
  }
}
