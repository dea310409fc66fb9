/** Outputs that are written in place, because replacing them would destroy them: devices, pipes and open descriptors. */
import fs from 'node:fs';
import path from 'node:path';
import { addAbortSignal, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { callbackify, promisify } from 'node:util';
import type { ExportTarget } from './export-target.ts';

/** Linux's limit on consecutive links. */
const MAX_SYMLINKS = 40;

/** Pause before a pipe without a reader, or with a slow one, is tried again, in milliseconds. */
const READER_PAUSE_MS = 20;

const { O_WRONLY } = fs.constants;
const O_NOCTTY: number = fs.constants.O_NOCTTY ?? 0;
const O_NONBLOCK: number = fs.constants.O_NONBLOCK ?? 0;

const write = promisify(fs.write);

/**
 * Makes a target that is written straight through.
 * @returns undefined for a regular file, a folder, and a path that does not exist
 */
export function writeThroughTarget(filePath: string): ExportTarget | undefined {
  const descriptor = ownDescriptor(filePath);
  const status = fs.statSync(filePath, { throwIfNoEntry: false });
  if (descriptor === undefined && (!status || status.isFile() || status.isDirectory())) return undefined;
  return {
    path: filePath,
    async open(signal) {
      const stream =
        descriptor === undefined ? await openDevice(filePath, signal) : overDescriptor(descriptor);
      // A write that the reader of a pipe never takes would not notice that its stream is aborted.
      if (signal) addAbortSignal(signal, stream);
      return Writable.toWeb(stream) as WritableStream<Uint8Array>;
    },
    finish: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}

/**
 * Finds the descriptor of this process that a path names (`/dev/stdout`, `/dev/fd/63`). Opening the path again would lose
 * the position in a file, and fails for a socket.
 */
function ownDescriptor(filePath: string): number | undefined {
  let current = path.resolve(filePath);
  for (let followed = 0; followed < MAX_SYMLINKS; followed++) {
    let directory: string;
    try {
      directory = fs.realpathSync(path.dirname(current));
    } catch {
      return undefined;
    }
    const name = path.basename(current);
    if ((directory === `/proc/${process.pid}/fd` || directory === '/dev/fd') && /^\d+$/.test(name)) {
      return Number(name);
    }
    current = path.join(directory, name);
    if (!fs.lstatSync(current, { throwIfNoEntry: false })?.isSymbolicLink()) return undefined;
    current = path.resolve(directory, fs.readlinkSync(current));
  }
  return undefined;
}

/** Writes to an open descriptor of the caller, which stays open and keeps its flags. */
function overDescriptor(fd: number): Writable {
  const standard = [undefined, process.stdout, process.stderr][fd];
  if (standard) return overStandardStream(standard);
  return new Writable({
    write(chunk, _encoding, done) {
      callbackify(writeWhole)(fd, chunk as Uint8Array, () => this.destroyed, done);
    },
  });
}

/** Writes through the process's own stream, after everything that waits in it. */
function overStandardStream(standard: NodeJS.WriteStream): Writable {
  // Without a listener, a reader that goes away would end the process.
  const ignore = (): void => undefined;
  standard.on('error', ignore);
  return new Writable({
    write: (chunk, _encoding, done) => void standard.write(chunk as Uint8Array, (error) => done(error)),
    destroy(error, done) {
      // The stream emits the error only after it has told the callback of the write.
      setImmediate(() => standard.off('error', ignore));
      done(error);
    },
  });
}

/**
 * Writes all bytes at the descriptor's position. Whoever made it may have set O_NONBLOCK.
 * @param isEnded - true once nothing more may be written: the descriptor may be another file's by then
 */
async function writeWhole(fd: number, bytes: Uint8Array, isEnded: () => boolean): Promise<void> {
  let written = 0;
  while (written < bytes.length && !isEnded()) {
    try {
      written += (await write(fd, bytes, written)).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await pause(READER_PAUSE_MS);
    }
  }
}

/** Opens a device or a named pipe. A pipe without a reader is waited for. */
async function openDevice(filePath: string, signal: AbortSignal | undefined): Promise<Writable> {
  while (fs.statSync(filePath).isFIFO()) {
    try {
      const fd = fs.openSync(filePath, O_WRONLY | O_NONBLOCK);
      // It takes milliseconds to load, and hardly any export goes to a pipe.
      const { Socket } = process.getBuiltinModule('node:net');
      return new Socket({ fd, readable: false, writable: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    }
    await pause(READER_PAUSE_MS, undefined, { ...(signal && { signal }) });
  }
  // Node's file streams give up on a descriptor that is not ready, so a terminal is opened without O_NONBLOCK.
  const device = await fs.promises.open(filePath, O_WRONLY | O_NOCTTY);
  return device.createWriteStream();
}
