/** A thread of Node that answers calls. */
import type { Worker } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { PersistenceError } from '../api/errors.ts';
import { RpcClient } from './rpc.ts';

/** A thread, and the client of its service. */
export class Thread<Service> {
  readonly client: RpcClient<Service>;
  readonly #worker: Worker;

  /**
   * Starts a thread. What it has not answered when it ends is rejected with `WORKER_GONE`.
   * @param file - its program
   * @param task - what the thread does, for that error
   * @throws the error of Node where threads may not be started
   */
  constructor(file: URL, task: string) {
    const threads = process.getBuiltinModule('node:worker_threads');
    this.#worker = new threads.Worker(file);
    this.client = new RpcClient<Service>(nodeEndpoint(this.#worker));
    const reject = (cause: unknown): void =>
      this.client.rejectPending(
        (operation) =>
          new PersistenceError('WORKER_GONE', `A thread that ${task} has ended`, { operation, cause }),
      );
    this.#worker.on('error', reject);
    this.#worker.on('exit', (exitCode) => reject(new Error(`The thread ended with code ${exitCode}`)));
  }

  /** Ends the thread, whatever it does. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
