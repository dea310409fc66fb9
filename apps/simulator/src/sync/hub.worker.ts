/**
 * The connection to a hub. It is in a worker because the policy of the document lets it reach its own origin alone, and that
 * of a worker comes with its file.
 */
import { openTarget, type SyncTarget } from '@ggen-sim/sync';
import { expose } from 'comlink';

/** An error of a call. A worker's messages keep no class and no code of one. */
export interface AnsweredError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;
}

/** What a call came to: a value, or an error. */
export interface Answer<T> {
  readonly value?: T;
  readonly error?: AnsweredError;
}

/** Methods of a target that are one question with one answer. */
export type HubCall = 'id' | 'cursor' | 'unknown' | 'push' | 'pull' | 'cosign';

/** The one hub that a worker is connected with. */
export class HubConnection {
  #target: SyncTarget | undefined;
  #subscription: AbortController | undefined;

  open(address: string, token: string): Promise<Answer<void>> {
    return answered(async () => {
      this.#target = await openTarget(address, { token });
    });
  }

  call(method: HubCall, ...given: unknown[]): Promise<Answer<unknown>> {
    return answered(async () => {
      const target = this.#target as unknown as Record<HubCall, (...given: unknown[]) => Promise<unknown>>;
      return target[method](...given);
    });
  }

  /** Tells positions until the stream ends, or {@link unsubscribe} ends it. */
  subscribe(tell: (position: number) => void): Promise<Answer<void>> {
    const control = new AbortController();
    this.#subscription = control;
    return answered(async () => {
      for await (const position of this.#target?.subscribe(control.signal) ?? []) tell(position);
    });
  }

  unsubscribe(): void {
    this.#subscription?.abort();
  }
}

async function answered<T>(call: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await call() };
  } catch (thrown) {
    const { code, message, hint, retryAfterMs } = thrown as Error & {
      readonly code?: string;
      readonly hint?: string;
      readonly retryAfterMs?: number;
    };
    return { error: { code: code ?? 'UNEXPECTED', message, hint, retryAfterMs } };
  }
}

expose(new HubConnection());
