/** Serves one open database to programs that connect to this one: the server's end of `storage: 'remote'`. */
import { PersistenceError } from '../api/errors.ts';
import type { Change, Info, Persistence } from '../api/persistence.ts';
import { PROGRAM_VERSION } from '../api/program-version.ts';
import { DatabasePersistence } from '../persistence/database-persistence.ts';
import { fromCloneable } from '../protocol/cloneable.ts';
import { CLOSE_CODES, type MessageConnection } from '../protocol/message-connection.ts';
import {
  FILE_OPTIONS,
  METHODS,
  WRITES,
  type MethodKind,
  type MethodsOf,
  type OperationOptions,
  type RemoteCallbacks,
  type RemoteMethod,
} from '../protocol/methods.ts';
import { CallChannel, type ClientFunctions, type ServerFunctions } from '../protocol/remote-calls.ts';
import { RunningOperations } from '../protocol/rpc.ts';
import { TABLE_NAMES } from '../tables/table-names.ts';
import { runOperation } from './run-operation.ts';

export {
  CLOSE_CODES,
  socketConnection,
  SUBPROTOCOL,
  tokenProtocol,
  type MessageConnection,
  type SocketLike,
} from '../protocol/message-connection.ts';

/** Size of the largest message that a server takes by default, in bytes. */
export const MAX_MESSAGE_BYTES: number = 64 * 1024 * 1024;

/** Bytes for one client that may wait to be sent. A client that asks for more and reads nothing is disconnected. */
const MAX_WAITING_BYTES = 1024 * 1024 * 1024;

/** Commits that are reported before the client has answered the first report. */
const MAX_REPORTS = 100;

/** Bytes that wait to be sent, above which progress is not reported. */
const SLOW_READER_BYTES = 1024 * 1024;

/** Entries of the change log in one answer at most, as a client asks for them. */
const MAX_BATCH_ENTRIES = 500;

/** Options of {@link RemoteHost}. */
export interface RemoteHostOptions {
  /** Answer methods that write. Without it they are refused with `READ_ONLY`. @default false */
  readonly isWritable?: boolean;
  /** As the transport enforces it: clients are told, and send no larger message. @default 67108864 (64 MiB) */
  readonly maxMessageBytes?: number;
}

/** A database that any number of connections share. */
export class RemoteHost {
  readonly #persistence: DatabasePersistence;
  readonly #isWritable: boolean;
  readonly #maxMessageBytes: number;
  readonly #connections: Set<MessageConnection> = new Set();

  /**
   * @param persistence - open in this thread (`worker: false`). It is not closed by this class
   * @throws {PersistenceError} `INVALID_ARGUMENT` for one behind a worker
   */
  constructor(
    persistence: Persistence,
    { isWritable = false, maxMessageBytes = MAX_MESSAGE_BYTES }: RemoteHostOptions = {},
  ) {
    if (!(persistence instanceof DatabasePersistence)) {
      throw new PersistenceError('INVALID_ARGUMENT', 'The database to serve is not open in this thread', {
        operation: 'serve',
        hint: 'Open it with worker: false.',
      });
    }
    this.#persistence = persistence;
    this.#isWritable = isWritable;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Number of connections that are open. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Serves a connection until it ends. What it was running is then aborted; a save that began is not undone. */
  connect(connection: MessageConnection): void {
    const operations = new RunningOperations();
    const functions = this.#functionsFor(connection, operations, () => channel);
    const channel: CallChannel<ClientFunctions> = new CallChannel(connection, functions);
    const unsubscribe = this.#persistence.subscribe(reporter(channel));
    this.#connections.add(connection);
    connection.onClose((_code, reason) => {
      this.#connections.delete(connection);
      unsubscribe();
      operations.abortAll(new Error(reason === '' ? 'The client has disconnected' : reason));
    });
  }

  /** Ends every connection. Saves that have begun are finished by the database. */
  close(): void {
    for (const connection of this.#connections)
      connection.close(CLOSE_CODES.goingAway, 'The server has stopped');
  }

  #functionsFor(
    connection: MessageConnection,
    operations: RunningOperations,
    channel: () => CallChannel<ClientFunctions>,
  ): ServerFunctions {
    const persistence = this.#persistence;
    const check = (method: string, kind: MethodKind): void => {
      if (connection.waitingBytes > MAX_WAITING_BYTES)
        connection.close(CLOSE_CODES.policyViolation, 'The client asks for more than it reads');
      this.#check(method, kind);
    };
    return {
      greet: () => ({
        programVersion: PROGRAM_VERSION,
        maxMessageBytes: this.#maxMessageBytes,
        isWritable: this.#isWritable,
        tables: TABLE_NAMES,
      }),
      call: async (method, parameters) => {
        check(method, 'call');
        const call = persistence[method as MethodsOf<'call'>] as (...given: unknown[]) => Promise<unknown>;
        const result = await call.apply(persistence, [...fromCloneable(parameters)]);
        return method === 'info' ? this.#infoOf(result as Info) : result;
      },
      readRows: async (method, query, batchRows, cursor) => {
        check(method, 'rows');
        const [given, after] = fromCloneable([query, cursor] as const);
        return persistence.readRows(method as MethodsOf<'rows'>, given, batchRows, after);
      },
      readChanges: async (given) => {
        check('changes', 'events');
        const request = fromCloneable(given);
        return persistence.readChanges({ ...request, limit: Math.min(request.limit, MAX_BATCH_ENTRIES) });
      },
      run: (method, sent, operationId) =>
        operations.run(operationId, async (signal) => {
          check(method, 'operation');
          const options = fromCloneable(sent);
          refuseFilesHere(method, options);
          const callbacks = callbacksOf(operationId, channel(), connection);
          return runOperation(persistence, method as MethodsOf<'operation'>, options, signal, callbacks);
        }),
      abort: (operationId, reason) => operations.abort(operationId, reason),
    };
  }

  /** @throws {TypeError} for a name that is no method; {PersistenceError} `READ_ONLY` */
  #check(method: string, kind: MethodKind): asserts method is RemoteMethod {
    // What is no text is not converted to text, which may be longer than any memory.
    const isKnown =
      typeof method === 'string' &&
      Object.hasOwn(METHODS, method) &&
      METHODS[method as RemoteMethod] === kind;
    if (!isKnown) throw new TypeError('There is no method of this name and kind');
    if (this.#isWritable || !WRITES[method as RemoteMethod]) return;
    throw new PersistenceError('READ_ONLY', 'The server was started for reading only', {
      operation: method,
      hint: 'Start it again with `--write`.',
    });
  }

  #infoOf(info: Info): Info {
    return { ...info, readOnly: info.readOnly || !this.#isWritable };
  }
}

/**
 * @throws {PersistenceError} `INVALID_ARGUMENT` for a path, or none where there is a default one: a client must not name
 * files of this computer. Any other value is refused by the operation itself
 */
function refuseFilesHere(method: string, sent: OperationOptions): void {
  if (!Object.hasOwn(FILE_OPTIONS, method)) return;
  const option = FILE_OPTIONS[method as keyof typeof FILE_OPTIONS];
  const { outputTarget, inputSource, directoryName, options } = sent;
  const callers = { output: outputTarget, input: inputSource, directory: directoryName }[option];
  const path = options[option];
  if (callers !== undefined || !(path === undefined || typeof path === 'string')) return;
  const needed = option === 'directory' ? 'an object with the methods of a backup directory' : 'a stream';
  throw new PersistenceError(
    'INVALID_ARGUMENT',
    `Invalid ${option}: it must be ${needed}, because files of the server cannot be named`,
    { operation: method, hint: `Pass ${needed} as \`${option}\`, or open the file itself.` },
  );
}

/** Callbacks of an operation, which the client answers. */
function callbacksOf(
  id: number,
  channel: CallChannel<ClientFunctions>,
  connection: MessageConnection,
): RemoteCallbacks {
  return {
    progress(progress) {
      if (connection.waitingBytes < SLOW_READER_BYTES) channel.notify('progress', id, progress);
    },
    writeChunk: (target, chunk) => channel.call('writeChunk', id, target, chunk),
    closeTarget: (target) => channel.call('closeTarget', id, target),
    readChunk: (source) => channel.call('readChunk', id, source),
    createFile: (fileName) => channel.call('createFile', id, fileName),
    finishDirectory: () => channel.call('finishDirectory', id),
    openFile: (fileName) => channel.call('openFile', id, fileName),
  };
}

/**
 * Reports commits. Above a number that the client has not answered, later ones are joined to one report: a client that
 * reads slowly does not fill this program's memory.
 */
function reporter(channel: CallChannel<ClientFunctions>): (change: Change) => void {
  let unanswered = 0;
  let joined: Change | undefined;
  const report = (change: Change): void => {
    if (unanswered >= MAX_REPORTS) {
      joined = { ...change, tables: [...new Set([...(joined?.tables ?? []), ...change.tables])] };
      return;
    }
    unanswered++;
    // A connection that has ended is reported to nothing else.
    channel
      .call('changed', change)
      .catch(() => undefined)
      .finally(answered);
  };
  const answered = (): void => {
    unanswered--;
    const change = joined;
    joined = undefined;
    if (change) report(change);
  };
  return report;
}
