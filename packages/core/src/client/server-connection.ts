import { openSocket } from '#client/open-socket';
import { PersistenceError } from '../api/errors.ts';
import type { Change, ConnectionState, RemoteOpenOptions } from '../api/persistence.ts';
import {
  CLOSE_CODES,
  SUBPROTOCOL,
  socketConnection,
  tokenProtocol,
  type MessageConnection,
  type SocketLike,
} from '../protocol/message-connection.ts';
import type { PersistenceService, RemoteCallbacks } from '../protocol/methods.ts';
import {
  CallChannel,
  ConnectionEnded,
  type ClientFunctions,
  type ServerFunctions,
  type ServerGreeting,
} from '../protocol/remote-calls.ts';
import type { Remote } from '../protocol/rpc.ts';

/** Pauses between attempts to connect again: each doubles the one before, up to the last. */
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 5000;

/** How long a server may be silent. */
export interface ConnectionLimits {
  /** Milliseconds until the connection is open and the server has said what it is. */
  readonly connectMs: number;
  /** Milliseconds between the questions that show if the server is still there. */
  readonly pulseMs: number;
  /** Questions in a row without any message of the server, after which it counts as lost. */
  readonly silentPulses: number;
}

/**
 * A minute of silence: a server is silent while SQLite does one long step, such as VACUUM. Questions are counted, not
 * time, because a page that sleeps finds out about the messages that have arrived only after its timers.
 */
export const CONNECTION_LIMITS: ConnectionLimits = { connectMs: 30_000, pulseMs: 15_000, silentPulses: 4 };

/** A connection that ended without a code from the other end (RFC 6455, section 7.4.1). */
const ABNORMAL_CLOSE = 1006;

/** A connection whose server has answered. */
interface OpenConnection {
  readonly connection: MessageConnection;
  readonly channel: CallChannel<ServerFunctions>;
}

/** The connection to the server of a database. It is made again whenever it is lost, until it is closed. */
export class ServerConnection {
  readonly #url: string;
  readonly #protocols: string[];
  readonly #onState: (state: ConnectionState) => void;
  readonly #onChange: (change: Change) => void;
  readonly #callbacks: Map<number, RemoteCallbacks> = new Map();
  #open: OpenConnection | undefined;
  #failure: PersistenceError | undefined;
  readonly #limits: ConnectionLimits;
  /** The last socket, open or not. */
  #socket: SocketLike | undefined;
  #isClosed = false;
  #lastVersion = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;

  /** @param onChange - told of commits, and of a change to every table when the connection was made again */
  constructor(
    { url, token, onConnection }: RemoteOpenOptions,
    onChange: (change: Change) => void,
    limits: ConnectionLimits = CONNECTION_LIMITS,
  ) {
    this.#url = url;
    this.#protocols = [SUBPROTOCOL, ...(token === undefined ? [] : [tokenProtocol(token)])];
    // In a microtask: an error in it is uncaught in its thread and does not stop the attempts to connect.
    this.#onState = (state) => queueMicrotask(() => onConnection?.(state));
    this.#onChange = onChange;
    this.#limits = limits;
  }

  /** Connects for the first time. @throws {PersistenceError} `CONNECTION_LOST`, `UNAUTHORIZED` */
  async start(): Promise<void> {
    await this.#connect();
    if (this.#open) return;
    // One that opened and ended at once is not made again.
    this.close();
    throw this.#failure ?? lost('open', 'The connection has ended');
  }

  /** Ends the connection. Pending calls are rejected. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#pulse);
    if (this.#open) this.#open.connection.close(1000, '');
    else if (this.#socket) drop(this.#socket);
  }

  /** The server's functions under the names of a worker's service. */
  readonly service: Remote<PersistenceService> = {
    call: (method, parameters) =>
      this.#send(method, ({ channel }) => channel.call('call', method, parameters)),
    readRows: (method, ...query) =>
      this.#send(method, ({ channel }) => channel.call('readRows', method, ...query)),
    readChanges: (request) => this.#send('changes', ({ channel }) => channel.call('readChanges', request)),
    run: async (method, options, operationId, callbacks) => {
      this.#callbacks.set(operationId, callbacks);
      try {
        return await this.#send(method, ({ channel }) => channel.call('run', method, options, operationId));
      } finally {
        this.#callbacks.delete(operationId);
      }
    },
    abort: async (operationId, reason) => {
      const channel = this.#open?.channel;
      try {
        channel?.notify('abort', operationId, reason);
      } catch {
        // The reason is no data. The caller gets its own one; the server only has to stop.
        channel?.notify('abort', operationId, { isError: false, value: 'The caller has aborted' });
      }
    },
    confirmStart: async () => undefined,
    open: async () => undefined,
    subscribe: async () => undefined,
    checkForChanges: async () => undefined,
    close: async () => undefined,
  };

  async #send<T>(operation: string, call: (open: OpenConnection) => Promise<T>): Promise<T> {
    if (!this.#open) throw refusal(operation, this.#failure);
    try {
      return await call(this.#open);
    } catch (error) {
      if (!(error instanceof ConnectionEnded)) throw error;
      throw lost(operation, error.message, error);
    }
  }

  async #connect(pauseMs: number = FIRST_PAUSE_MS): Promise<void> {
    const wasConnected = this.#open !== undefined || this.#failure !== undefined;
    let greeting: ServerGreeting;
    try {
      const socket = await openSocket(this.#url, this.#protocols);
      this.#socket = socket;
      const connection = socketConnection(socket);
      const channel = new CallChannel<ServerFunctions>(connection, this.#functions());
      const greeted = untilOpen(socket, connection).then(() => channel.call('greet'));
      greeting = await answerOf(greeted, this.#limits.connectMs);
      if (channel.ended) throw channel.ended;
      channel.maxBytes = greeting.maxMessageBytes;
      this.#open = { connection, channel };
      channel.onEnd((ended) => this.#onLost(ended));
      this.#watch(socket, this.#open);
    } catch (error) {
      // Whatever is open of it would stay so, once for each attempt.
      if (this.#socket) drop(this.#socket);
      this.#failure = failureOf(error);
      // The first attempt is the caller's to repeat.
      if (wasConnected) this.#tryAgain(pauseMs);
      return;
    }
    this.#failure = undefined;
    if (this.#isClosed) return this.close();
    if (!wasConnected) return;
    this.#onState({ isConnected: true });
    // What was committed meanwhile was not reported.
    this.#onChange({ tables: greeting.tables, version: this.#lastVersion });
  }

  /** Asks the server again and again, because the loss of a connection is not reported by itself. */
  #watch(socket: SocketLike, { connection, channel }: OpenConnection): void {
    const { pulseMs, silentPulses } = this.#limits;
    let unanswered = 0;
    connection.onMessage(() => (unanswered = 0));
    this.#pulse = setInterval(() => {
      if (unanswered === silentPulses) {
        channel.end(silence(pulseMs * silentPulses));
        return drop(socket);
      }
      unanswered++;
      channel.call('greet').catch(() => undefined);
    }, pulseMs);
  }

  #onLost(ended: ConnectionEnded): void {
    clearInterval(this.#pulse);
    this.#open = undefined;
    this.#failure = failureOf(ended);
    if (!this.#isClosed) this.#tryAgain(FIRST_PAUSE_MS);
  }

  #tryAgain(pauseMs: number): void {
    if (this.#isClosed || !this.#failure) return;
    const isRetrying = this.#failure.code !== 'UNAUTHORIZED';
    this.#onState({ isConnected: false, reason: this.#failure.message, isRetrying });
    if (!isRetrying) return;
    // Clients of one server do not all come back at the same moment.
    const jitteredMs = pauseMs * (0.5 + Math.random() / 2);
    this.#retry = setTimeout(() => void this.#connect(Math.min(pauseMs * 2, LAST_PAUSE_MS)), jitteredMs);
  }

  #functions(): ClientFunctions {
    const of = (operationId: number): RemoteCallbacks => {
      const callbacks = this.#callbacks.get(operationId);
      if (!callbacks) throw new Error('The operation has ended');
      return callbacks;
    };
    return {
      changed: (change) => {
        this.#lastVersion = change.version;
        this.#onChange(change);
      },
      progress: (id, progress) => this.#callbacks.get(id)?.progress(progress),
      writeChunk: async (id, target, chunk) => of(id).writeChunk(target, chunk),
      closeTarget: async (id, target) => of(id).closeTarget(target),
      readChunk: async (id, source) => of(id).readChunk(source),
      createFile: async (id, fileName) => of(id).createFile(fileName),
      finishDirectory: async (id) => of(id).finishDirectory(),
      openFile: async (id, fileName) => of(id).openFile(fileName),
    };
  }
}

/** Resolves once the socket is open; rejects when the server cannot be reached or refuses. */
function untilOpen(socket: SocketLike, connection: MessageConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    connection.onClose((code, reason) => reject(new ConnectionEnded(code, reason)));
  });
}

/** Waits for the server's first answer. @throws {ConnectionEnded} when it does not come in time */
function answerOf<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(silence(limitMs)), limitMs);
    void answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function silence(durationMs: number): ConnectionEnded {
  return new ConnectionEnded(ABNORMAL_CLOSE, `The server has not answered for ${durationMs / 1000} seconds`);
}

/** Ends a socket whose other end may not answer; a page can only ask it to. */
function drop(socket: SocketLike): void {
  if (socket.terminate) socket.terminate();
  else socket.close();
}

function failureOf(error: unknown): PersistenceError {
  if (error instanceof ConnectionEnded && error.closeCode === CLOSE_CODES.unauthorized) {
    return unauthorized('open', error);
  }
  return lost('open', error instanceof Error ? error.message : String(error), error);
}

function refusal(operation: string, failure: PersistenceError | undefined): PersistenceError {
  if (failure?.code === 'UNAUTHORIZED') return unauthorized(operation, failure.cause);
  return lost(operation, failure?.message ?? 'The connection has ended', failure?.cause);
}

function unauthorized(operation: string, cause: unknown): PersistenceError {
  return new PersistenceError('UNAUTHORIZED', 'The server refused the token', {
    operation,
    cause,
    hint: 'Use the address that the server printed when it started last.',
  });
}

function lost(operation: string, message: string, cause?: unknown): PersistenceError {
  return new PersistenceError('CONNECTION_LOST', message, {
    operation,
    cause,
    hint: 'Start the server again. It is unknown if a pending write happened: save it again with `ifAbsent`.',
  });
}
