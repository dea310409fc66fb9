/** The side of the server: runs the command lines that calls pass on, with the database that is open already. */
import { rmSync, statSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Persistence } from '@ggen-sim/core';
import { CallDeclined, type Caller } from '../caller.ts';
import { PROGRAM_VERSION } from '../program-version.ts';
import {
  callSocketPath,
  lineOf,
  linesOf,
  socketName,
  servedUse,
  type CallAnswer,
  type CallRequest,
  type StandardInput,
} from './messages.ts';

/** Time for calls that are running when the server stops; a reader may take nothing. */
const STOP_MS = 10_000;

/** What others may not do with the socket, as bits of a mode. */
const OWNER_ONLY = 0o177;

/** What answers calls. */
export interface CallServer {
  /** Takes no more calls, and waits for those that are running. */
  readonly stop: () => Promise<void>;
}

/**
 * Begins to answer calls. Where the system has no such sockets, or the path is too long for one, calls open the file as before.
 * Only one process may do so for a database.
 * @param database - a database that is not encrypted
 * @param databasePath - its real path
 * @param run - runs a command line for a process
 */
export async function answerCalls(
  database: Persistence,
  databasePath: string,
  run: (caller: Caller, words: readonly string[]) => Promise<number>,
): Promise<CallServer | undefined> {
  if (process.platform === 'win32') return undefined;
  const file = fileOf(databasePath);
  if (file === undefined) return undefined;
  const path = callSocketPath(databasePath);
  const served = undisposed(database);
  const running = new Map<Socket, Promise<void>>();
  const idle = new Set<Socket>();
  let isStopping = false;
  const server = createServer((socket) => {
    // The caller may be gone.
    socket.on('error', () => undefined);
    idle.add(socket);
    socket.once('close', () => idle.delete(socket));
    const answered = answerCall(socket, { served, file, run }, () => {
      if (isStopping) return false;
      idle.delete(socket);
      running.set(socket, answered);
      return true;
    });
    void answered.finally(() => {
      running.delete(socket);
      socket.destroySoon();
    });
  });
  try {
    // A server that was killed has left it.
    rmSync(path, { force: true });
    await listen(server, path);
  } catch {
    return undefined;
  }
  return {
    async stop() {
      isStopping = true;
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      // What such a call says from now on is read and not done. Cutting it off would leave it in doubt.
      for (const socket of idle) socket.end(lineOf({ declined: true }));
      const timer = setTimeout(() => {
        for (const socket of [...idle, ...running.keys()]) socket.destroy();
      }, STOP_MS);
      await closed;
      clearTimeout(timer);
      await Promise.all(running.values());
    },
  };
}

/** What answering a call needs. */
interface Service {
  readonly served: Persistence;
  readonly file: string;
  readonly run: (caller: Caller, words: readonly string[]) => Promise<number>;
}

/**
 * Answers one call.
 * @param begin - called when its command line is there; false when nothing may begin any more
 */
async function answerCall(
  socket: Socket,
  { served, file, run }: Service,
  begin: () => boolean,
): Promise<void> {
  const send = (answer: CallAnswer, done?: (error?: Error | null) => void): void =>
    void socket.write(lineOf(answer), done);
  try {
    const lines = linesOf(socket);
    const [device = '', inode = ''] = file.split(':');
    socket.write(lineOf({ version: PROGRAM_VERSION, device, inode }));
    const request = await lines.next();
    if (request.done || !begin()) return;
    const { words, environment, currentDirectory, terminal, isTerminal } = request.value as CallRequest;
    if (servedUse(words) === undefined) {
      send({ declined: true });
      return;
    }
    const exitCode = await run(
      {
        environment,
        currentDirectory: () => currentDirectory,
        terminal: () => terminal,
        stdout: streamOf(isTerminal, (stdout, done) => send({ stdout }, done)),
        stderr: { write: (stderr) => send({ stderr }) },
        standardInput: async function* () {
          send({ wantsStandardInput: true });
          const input = await lines.next();
          if (input.done) throw new CallDeclined('The caller has gone');
          yield Buffer.from((input.value as StandardInput).base64, 'base64');
        },
        openServed(path, isKeyGiven) {
          if (isKeyGiven || fileOf(path) !== file) throw new CallDeclined('The call is for another database');
          return served;
        },
      },
      words,
    );
    send({ exitCode });
  } catch {
    // The call declines itself where it hears nothing of this: it has gone.
    send({ declined: true });
  }
}

function streamOf(
  isTTY: boolean,
  send: (text: string, done: (error?: Error | null) => void) => void,
): Caller['stdout'] {
  const write = (data: unknown, done: (error?: Error | null) => void): boolean => {
    send(typeof data === 'string' ? data : Buffer.from(data as Uint8Array).toString(), done);
    return true;
  };
  return { isTTY, write: write as Caller['stdout']['write'] };
}

/** Returns the device and the inode of a file, after links; undefined where there is none. */
function fileOf(path: string): string | undefined {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  return status && `${status.dev}:${status.ino}`;
}

/** Returns a database that commands cannot close: each ends with that. */
function undisposed(database: Persistence): Persistence {
  return new Proxy(database, {
    get(target, name) {
      if (name === Symbol.asyncDispose) return () => Promise.resolve();
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** Listens at a socket that is this user's alone from its first moment. */
async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(OWNER_ONLY);
    try {
      // The socket is made before this returns.
      server.listen(socketName(path), resolve);
    } finally {
      process.umask(before);
    }
  });
}
