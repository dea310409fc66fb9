/**
 * Remote procedure calls between a page or a Node program and its worker, over Comlink. It adds three things: errors
 * cross whole, an operation can be aborted by its id, and every pending call settles when the worker has ended.
 *
 * Unstable: exported as `@ggen-sim/core/rpc` for the packages of this repository, and changes with them.
 */
import * as Comlink from 'comlink';
import type { Signal } from '../api/platform-types.ts';
import {
  deserializeError,
  deserializeValue,
  serializeError,
  serializeValue,
  type SerializedError,
  type SerializedValue,
} from './serialize-error.ts';

export {
  deserializeError,
  registerErrorClass,
  serializeError,
  type SerializedError,
  type SerializedValue,
} from './serialize-error.ts';

/** A worker or port, without the DOM's types, which a program for Node may lack. */
export interface Endpoint {
  // oxlint-disable-next-line typescript/no-explicit-any -- as `Worker` and `MessagePort` declare it
  postMessage(message: any, transfer?: any[]): void;
  // oxlint-disable-next-line typescript/no-explicit-any -- a message event, whose type is the platform's
  addEventListener(type: string, listener: any, options?: object): void;
  // oxlint-disable-next-line typescript/no-explicit-any -- see addEventListener
  removeEventListener(type: string, listener: any, options?: object): void;
  start?: () => void;
}

/** A service at the other end of an endpoint. */
export type Remote<Service> = {
  readonly [Name in keyof Service]: Service[Name] extends (...parameters: infer Parameters) => infer Result
    ? (...parameters: Parameters) => Promise<Awaited<Result>>
    : Promise<Service[Name]>;
};

/** Answers the calls of an {@link RpcClient}. */
export function expose(service: object, endpoint: Endpoint): void {
  Comlink.expose(service, endpoint);
}

/** Marks a callback, or an object with methods, to be called across the endpoint instead of being copied. */
export function proxy<T extends object>(value: T): T {
  return Comlink.proxy(value);
}

/**
 * Ends a callback or an object that arrived as a {@link proxy}: both ends of its message port are closed. Without this they
 * stay open until this thread happens to collect its garbage.
 */
export function release(received: object): void {
  (received as Comlink.Remote<unknown>)[Comlink.releaseProxy]();
}

/** An exception as Comlink sends it. */
type SentException = { readonly isError: boolean; readonly value: unknown };

const COMLINK_THROW = Comlink.transferHandlers.get('throw') as Comlink.TransferHandler<
  { readonly value: unknown },
  SentException
>;

// Comlink's handler keeps name, message and stack of an error. What it sends and receives is still understood here,
// because other code of the application may use the same copy of Comlink with workers that do not load this file.
Comlink.transferHandlers.set('throw', {
  canHandle: (value): value is { readonly value: unknown } => COMLINK_THROW.canHandle(value),
  serialize: (thrown: { readonly value: unknown }) =>
    thrown.value instanceof Error
      ? [{ isError: true, value: serializeError(thrown.value) }, []]
      : COMLINK_THROW.serialize(thrown),
  deserialize(sent: SentException): never {
    if (sent.isError && 'properties' in (sent.value as object)) {
      throw deserializeError(sent.value as SerializedError);
    }
    return COMLINK_THROW.deserialize(sent) as never;
  },
});

/** A service whose operations a client can abort; see {@link RunningOperations}. */
export interface AbortableService {
  abort(operationId: number, reason: SerializedValue): void;
}

/** Makes the error of a call that the worker will not answer. */
export type Refusal = (operation: string) => Error;

/** The caller's end of a worker. A worker's end is `expose(service, endpoint)`. */
export class RpcClient<Service> {
  readonly #service: Remote<Service>;
  readonly #pending: Set<(refusal: Refusal) => void> = new Set();
  readonly #answers: Set<PromiseLike<unknown>> = new Set();
  #refusal: Refusal | undefined;
  #operations = 0;

  /** @param connection - a worker or port; or the service itself, where something else than Comlink calls it */
  constructor(connection: Endpoint | { readonly service: Remote<Service> }) {
    this.#service =
      'service' in connection
        ? connection.service
        : (Comlink.wrap<Service>(connection) as unknown as Remote<Service>);
  }

  /** True when new calls are rejected without being sent. */
  get refusing(): boolean {
    return this.#refusal !== undefined;
  }

  /**
   * Sends a call. It settles with the worker's answer, or is rejected by {@link rejectPending}.
   * @param operation - its name in a refusal
   */
  call<T>(operation: string, send: (service: Remote<Service>) => PromiseLike<T>): Promise<T> {
    if (this.#refusal) return Promise.reject(this.#refusal(operation));
    return new Promise<T>((resolve, reject) => {
      const refuse = (refusal: Refusal): void => reject(refusal(operation));
      this.#pending.add(refuse);
      const answer = send(this.#service);
      const settle = (): void => {
        this.#pending.delete(refuse);
        this.#answers.delete(answer);
      };
      this.#answers.add(answer);
      answer.then(resolve, reject);
      answer.then(settle, settle);
    });
  }

  /** Sends a call that the service runs under an id, so that the signal can abort it. */
  async run<T>(
    this: RpcClient<Service & AbortableService>,
    operation: string,
    signal: Signal | undefined,
    send: (service: Remote<Service>, operationId: number) => PromiseLike<T>,
  ): Promise<T> {
    const operationId = ++this.#operations;
    const abort = (): void => {
      if (this.#refusal) return;
      const service = this.#service as unknown as Remote<AbortableService>;
      // One that cannot be sent aborts nothing; the operation ends by itself.
      service.abort(operationId, serializeValue(signal?.reason)).catch(() => undefined);
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const running = this.call(operation, (service) => send(service, operationId));
      if (signal?.aborted) abort();
      return await running;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Rejects every later call, unless an earlier refusal does so already. Pending calls are still answered. */
  refuseCalls(refusal: Refusal): void {
    this.#refusal ??= refusal;
  }

  /** Rejects every pending call, because the worker has ended, and every later one. */
  rejectPending(refusal: Refusal): void {
    this.refuseCalls(refusal);
    for (const refuse of this.#pending) refuse(refusal);
    this.#pending.clear();
  }

  /** Resolves when every call that is pending now has been answered, whatever the answers are. */
  async whenIdle(): Promise<void> {
    await Promise.allSettled(this.#answers);
  }

  /** Lets the worker forget this client. */
  release(): void {
    release(this.#service);
  }
}

/** The operations that a service runs for its client, by id. */
export class RunningOperations {
  readonly #controllers: Map<number, AbortController> = new Map();

  /** Runs work with a signal that {@link abort} fires. */
  async run<T>(operationId: number, work: (signal: Signal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#controllers.set(operationId, controller);
    try {
      return await work(controller.signal);
    } finally {
      this.#controllers.delete(operationId);
    }
  }

  /** Aborts every operation, when the client has gone. */
  abortAll(reason: unknown): void {
    for (const controller of this.#controllers.values()) controller.abort(reason);
  }

  /** Aborts an operation with the reason of its caller. Does nothing once it has ended. */
  abort(operationId: number, reason: SerializedValue): void {
    this.#controllers.get(operationId)?.abort(deserializeValue(reason));
  }
}
