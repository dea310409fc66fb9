import { SyncError, type SyncErrorCode, type SyncTarget } from '@ggen-sim/sync';
import { proxy, wrap, type Remote } from 'comlink';
import type { Answer, HubCall, HubConnection } from './hub.worker.ts';

/**
 * Opens a hub in a worker of its own, which closing it ends.
 * @throws {SyncError} SYNC_TARGET_INVALID, SYNC_UNAUTHORIZED
 */
export async function openHubTarget(
  address: string,
  { token = '' }: { readonly token?: string },
): Promise<SyncTarget> {
  const worker = new Worker(new URL('./hub.worker.ts', import.meta.url), {
    type: 'module',
    name: 'ggen-sim hub',
  });
  let end: (error: SyncError) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => (end = reject));
  ended.catch(() => undefined);
  worker.addEventListener('error', () => end(gone('could not be started', 'Reload the page.')));
  const hub = new WorkerHub(wrap<HubConnection>(worker), ended, () => {
    end(gone('was closed'));
    worker.terminate();
  });
  try {
    await hub.open(address, token);
  } catch (error) {
    await hub.close();
    throw error;
  }
  return hub.target();
}

/** Calls the worker, whose end is the end of every call. */
class WorkerHub {
  readonly #connection: Remote<HubConnection>;
  readonly #ended: Promise<never>;
  readonly #end: () => void;

  constructor(connection: Remote<HubConnection>, ended: Promise<never>, end: () => void) {
    this.#connection = connection;
    this.#ended = ended;
    this.#end = end;
  }

  async open(address: string, token: string): Promise<void> {
    valueOf(await this.#untilEnd(this.#connection.open(address, token)));
  }

  target(): SyncTarget {
    return {
      id: () => this.#call('id'),
      cursor: (origin) => this.#call('cursor', origin),
      unknown: (leaves) => this.#call('unknown', leaves),
      push: (batch) => this.#call('push', batch),
      pull: (request) => this.#call('pull', request),
      cosign: (note) => this.#call('cosign', note),
      subscribe: (signal) => this.#positions(signal),
      close: () => this.close(),
    };
  }

  close(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  async #call<T>(method: HubCall, ...given: unknown[]): Promise<T> {
    return valueOf(await this.#untilEnd(this.#connection.call(method, ...given))) as T;
  }

  async *#positions(signal: AbortSignal): AsyncGenerator<number, void> {
    let latest: number | undefined;
    let end: Answer<void> | undefined;
    let wake: () => void = () => undefined;
    const unsubscribe = (): void => {
      wake();
      void this.#connection.unsubscribe();
    };
    signal.addEventListener('abort', unsubscribe);
    const tell = proxy((position: number) => {
      latest = position;
      wake();
    });
    const done = this.#untilEnd(this.#connection.subscribe(tell)).then(
      (answer) => (end = answer),
      () => (end = {}),
    );
    void done.then(() => wake());
    try {
      while (!signal.aborted) {
        if (latest !== undefined) {
          const position = latest;
          // An earlier position is of no interest beside a later one.
          latest = undefined;
          yield position;
        } else if (end !== undefined) {
          valueOf(end);
          return;
        } else {
          await new Promise<void>((resolve) => (wake = resolve));
        }
      }
    } finally {
      signal.removeEventListener('abort', unsubscribe);
      if (end === undefined) void this.#connection.unsubscribe();
    }
  }

  #untilEnd<T>(call: Promise<T>): Promise<T> {
    return Promise.race([call, this.#ended]);
  }
}

/** @throws {SyncError} the error of the worker */
function valueOf<T>({ value, error }: Answer<T>): T {
  if (error === undefined) return value as T;
  const { code, message, hint, retryAfterMs } = error;
  throw new SyncError(code as SyncErrorCode, message, { hint, retryAfterMs });
}

function gone(what: string, hint?: string): SyncError {
  return new SyncError('SYNC_UNREACHABLE', `The connection to the hub ${what}`, { hint });
}
