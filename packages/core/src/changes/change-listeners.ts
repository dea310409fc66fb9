import type { Change } from '../api/persistence.ts';
import { checkFunction } from '../validation/arguments.ts';

/** Subscriptions to commits. Each ends by itself, even when one function is subscribed twice. */
export class ChangeListeners {
  readonly #subscriptions: Set<{ readonly listener: (change: Change) => void }> = new Set();

  get size(): number {
    return this.#subscriptions.size;
  }

  /**
   * @returns a function that ends the subscription
   * @throws {PersistenceError} INVALID_ARGUMENT
   */
  add(listener: (change: Change) => void): () => void {
    checkFunction({ operation: 'subscribe', name: 'listener' }, listener);
    const subscription = { listener };
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  /** Calls every listener in a microtask of its own: an error in one is uncaught in its thread and stops no other. */
  notify(change: Change): void {
    for (const subscription of this.#subscriptions) {
      queueMicrotask(() => {
        if (this.#subscriptions.has(subscription)) subscription.listener(change);
      });
    }
  }

  clear(): void {
    this.#subscriptions.clear();
  }
}
