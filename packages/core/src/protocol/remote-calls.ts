/**
 * Calls over a connection between programs. Comlink is not used there: it lets the other end reach any property of what
 * is exposed, which is code execution. Here each end answers the functions of one list, with arguments that are data.
 */
import { PersistenceError } from '../api/errors.ts';
import type { Change, Progress } from '../api/persistence.ts';
import type { TableName } from '../api/tables.ts';
import type { ChangesBatch, ChangesRequest } from '../changes/change-stream.ts';
import type { Cursor, RowBatch } from '../tables/keyset-pagination.ts';
import { decodeMessage, encodeMessage } from './message-codec.ts';
import { CLOSE_CODES, type MessageConnection } from './message-connection.ts';
import type { OperationOptions } from './methods.ts';
import {
  deserializeError,
  serializeError,
  type SerializedError,
  type SerializedValue,
} from './serialize-error.ts';

/** What a server says of itself when a client has connected. */
export interface ServerGreeting {
  readonly programVersion: string;
  /** Size of the largest message that the server takes, in bytes. */
  readonly maxMessageBytes: number;
  /** False when methods that write are refused. */
  readonly isWritable: boolean;
  readonly tables: readonly TableName[];
}

/** Functions that a server answers; `PersistenceService` without what belongs to a worker. */
export interface ServerFunctions {
  greet(): ServerGreeting;
  call(method: string, parameters: readonly unknown[]): Promise<unknown>;
  readRows(
    method: string,
    query: object,
    batchRows: number | undefined,
    cursor: Cursor | undefined,
  ): Promise<RowBatch<unknown>>;
  readChanges(request: ChangesRequest): Promise<ChangesBatch>;
  /** Runs an operation. Its callbacks are the functions of the client, with this id. */
  run(method: string, options: OperationOptions, operationId: number): Promise<unknown>;
  abort(operationId: number, reason: SerializedValue): void;
}

/** Functions that a client answers. Those of an operation have its id; see `RemoteCallbacks`. */
export interface ClientFunctions {
  changed(change: Change): void;
  progress(operationId: number, progress: Progress): void;
  writeChunk(operationId: number, target: number, chunk: Uint8Array): Promise<void>;
  closeTarget(operationId: number, target: number): Promise<void>;
  readChunk(operationId: number, source: number): Promise<Uint8Array | undefined>;
  createFile(operationId: number, fileName: string): Promise<number>;
  finishDirectory(operationId: number): Promise<void>;
  openFile(operationId: number, fileName: string): Promise<number | undefined>;
}

/** Calls of one end, as functions of a list. */
// oxlint-disable-next-line typescript/no-explicit-any -- functions of any parameters
type FunctionList = { readonly [name: string]: (...parameters: any[]) => unknown };

/** A message: a call, whose answer nothing awaits where its id is 0; or the answer to the call of an id. */
type CallMessage = readonly ['call', id: number, name: string, parameters: readonly unknown[]];
type AnswerMessage =
  | readonly ['value', id: number, value: unknown]
  | readonly ['error', id: number, error: SerializedError];

/** Most calls of the other end that wait for an answer. Arguments of a call are kept until then. */
const MAX_CALLS = 10_000;

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** One end of a connection: calls functions of the other end, and answers its calls. */
export class CallChannel<
  Theirs extends { readonly [Name in keyof Theirs]: (...parameters: never[]) => unknown },
> {
  readonly #connection: MessageConnection;
  readonly #functions: FunctionList;
  readonly #pending: Map<number, PendingCall> = new Map();
  #calls = 0;
  #answering = 0;
  readonly #endListeners: ((ended: ConnectionEnded) => void)[] = [];
  #ended: ConnectionEnded | undefined;
  /** Size of the largest message that the other end takes, in bytes. */
  maxBytes: number = Infinity;

  /** @param functions - what the other end may call. Its arguments are data of any kind and must be checked */
  constructor(connection: MessageConnection, functions: object) {
    this.#connection = connection;
    this.#functions = functions as FunctionList;
    connection.onMessage((message) => this.#receive(message));
    connection.onClose((code, reason) => this.end(new ConnectionEnded(code, reason)));
  }

  /** Why nothing more is called; `undefined` while the connection is open. */
  get ended(): ConnectionEnded | undefined {
    return this.#ended;
  }

  /** Calls the listener once, when the connection has ended. */
  onEnd(listener: (ended: ConnectionEnded) => void): void {
    this.#endListeners.push(listener);
  }

  /** Rejects the pending and all later calls, without waiting for the other end. */
  end(reason: ConnectionEnded): void {
    if (this.#ended) return;
    this.#ended = reason;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
    for (const listener of this.#endListeners) listener(reason);
  }

  /** Calls a function of the other end. Rejects with its error, or with {@link ConnectionEnded}. */
  call<Name extends keyof Theirs & string>(
    name: Name,
    ...parameters: Parameters<Theirs[Name]>
  ): Promise<Awaited<ReturnType<Theirs[Name]>>> {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#ended;
      const id = ++this.#calls;
      this.#send(['call', id, name, parameters]);
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** Calls a function whose answer does not matter. */
  notify<Name extends keyof Theirs & string>(name: Name, ...parameters: Parameters<Theirs[Name]>): void {
    if (!this.#ended) this.#send(['call', 0, name, parameters]);
  }

  #send(message: CallMessage | AnswerMessage): void {
    const bytes = encodeMessage(message);
    if (bytes.byteLength > this.maxBytes) throw tooLarge(bytes.byteLength, this.maxBytes);
    this.#connection.send(bytes);
  }

  #receive(bytes: Uint8Array): void {
    try {
      const message = decodeMessage(bytes) as CallMessage | AnswerMessage;
      if (message[0] === 'call') this.#answer(message).catch(() => this.#breakOff());
      else this.#settle(message);
    } catch {
      this.#breakOff();
    }
  }

  /** Ends a connection whose other end does not speak this protocol. */
  #breakOff(): void {
    const reason = 'The message is not of this protocol';
    this.end(new ConnectionEnded(CLOSE_CODES.protocolError, reason));
    this.#connection.close(CLOSE_CODES.protocolError, reason);
  }

  #settle([kind, id, outcome]: AnswerMessage): void {
    const call = this.#pending.get(id);
    if (kind === 'value') call?.resolve(outcome);
    // What is no error breaks the connection off, which rejects this call with the others.
    else call?.reject(deserializeError(outcome));
    this.#pending.delete(id);
  }

  async #answer([, id, name, parameters]: CallMessage): Promise<void> {
    let answer: AnswerMessage;
    this.#answering++;
    try {
      if (this.#answering > MAX_CALLS) throw tooManyCalls();
      // A name that is a property of every object is none of the functions. One that is no text is not converted to
      // text: a list of lists that are one list becomes longer than any memory.
      const isKnown = typeof name === 'string' && Object.hasOwn(this.#functions, name);
      const answering = isKnown ? this.#functions[name] : undefined;
      if (!answering) throw new TypeError('There is no function of this name');
      answer = ['value', id, await answering(...parameters)];
    } catch (error) {
      answer = ['error', id, serializeError(error)];
    } finally {
      this.#answering--;
    }
    if (id === 0) return;
    const [kind, , outcome] = answer;
    try {
      this.#send(answer);
    } catch (error) {
      // The value, or a property of the error, cannot be sent. Texts and numbers always can.
      this.#send(['error', id, withPrimitives(kind === 'error' ? outcome : serializeError(error))]);
    }
  }
}

/** Keeps of an error's properties those that every connection carries, such as its code. */
function withPrimitives(error: SerializedError): SerializedError {
  const properties = Object.entries(error.properties).filter(([, value]) => typeof value !== 'object');
  return { ...error, properties: Object.fromEntries(properties), cause: undefined };
}

/** The end of a connection with calls that have no answer. */
export class ConnectionEnded extends Error {
  readonly closeCode: number;

  constructor(closeCode: number, reason: string) {
    super(reason === '' ? `The connection has ended (${closeCode})` : reason);
    this.closeCode = closeCode;
  }
}

function tooLarge(sizeBytes: number, maxBytes: number): PersistenceError {
  return new PersistenceError(
    'INVALID_ARGUMENT',
    `The call has ${sizeBytes} bytes; the server takes at most ${maxBytes}`,
    { operation: 'call', hint: 'Save less at a time, or open the file itself.' },
  );
}

function tooManyCalls(): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', `More than ${MAX_CALLS} calls wait for an answer`, {
    operation: 'call',
    hint: 'Wait for some of them first, or save many records with one call.',
  });
}
