import { RpcClient, type Endpoint } from '@ggen-sim/core/rpc';
import { AgentError } from '../errors.ts';
import type { AgentService } from './service.ts';

/** Worker, as far as the client uses it: a web worker, or a thread of Node behind a port. */
export interface AgentThread extends Endpoint {
  terminate(): unknown;
}

/** Thread that executes one run at a time. */
export interface Connection {
  readonly rpc: RpcClient<AgentService>;
  /** True when the thread cannot take another task. */
  readonly hasEnded: boolean;
  /** Ends the thread, whatever it is doing, and rejects its call with the reason. */
  end(reason: Error): void;
}

/** Number of threads at most, unless another is given. Further runs wait. */
const MAX_THREADS = 4;

/**
 * Threads that execute agents, each one run at a time: so a run that does not end holds up no other, and can be ended
 * together with its thread. One idle thread is kept, because it has loaded the agents.
 */
export class Threads {
  readonly #start: () => AgentThread;
  readonly #maxThreads: number;
  readonly #waiting: (() => void)[] = [];
  #idle: Connection | undefined;
  #busy = 0;

  constructor(start: () => AgentThread, maxThreads: number = MAX_THREADS) {
    this.#start = start;
    this.#maxThreads = maxThreads;
  }

  /** Runs a task with a thread of its own. The thread is kept for the next task unless this one fails. */
  async use<T>(signal: AbortSignal | undefined, task: (connection: Connection) => Promise<T>): Promise<T> {
    while (this.#busy >= this.#maxThreads) await this.#turn(signal);
    signal?.throwIfAborted();
    this.#busy += 1;
    try {
      return await this.#useNow(signal, task);
    } finally {
      this.#busy -= 1;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /** Ends the idle thread. The next task starts another. */
  close(): void {
    this.#idle?.end(closed());
    this.#idle = undefined;
  }

  async #useNow<T>(
    signal: AbortSignal | undefined,
    task: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const connection = this.#idle ?? this.#connect();
    this.#idle = undefined;
    const abort = (): void => connection.end(signal?.reason as Error);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const result = await task(connection);
      if (this.#idle !== undefined) connection.end(closed());
      else if (!connection.hasEnded) this.#idle = connection;
      return result;
    } catch (error) {
      connection.end(closed());
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Waits until a thread may be free, or the signal fires. */
  async #turn(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    signal?.throwIfAborted();
  }

  #connect(): Connection {
    const thread = this.#start();
    const rpc = new RpcClient<AgentService>(thread);
    let hasEnded = false;
    const connection: Connection = {
      rpc,
      get hasEnded() {
        return hasEnded;
      },
      end: (reason) => {
        hasEnded = true;
        if (this.#idle === connection) this.#idle = undefined;
        thread.terminate();
        rpc.rejectPending(() => reason);
      },
    };
    thread.addEventListener('error', (event: unknown) => connection.end(failureOf(event)));
    return connection;
  }
}

function failureOf(event: unknown): AgentError {
  const { message = '', code } = event as { readonly message?: string; readonly code?: string };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new AgentError('MEMORY_LIMIT', 'The run needs more memory than its thread has', {
      hint: 'Validate smaller documents, or give Node more memory: NODE_OPTIONS=--max-old-space-size=MEBIBYTES.',
    });
  }
  return new AgentError('INTERNAL', message === '' ? 'The agents could not be loaded' : message, {
    cause: event instanceof Error ? event : undefined,
  });
}

/** Makes the reason for the end of a thread that is not needed any more. */
export function closed(): AgentError {
  return new AgentError('ABORTED', 'The worker was ended');
}
