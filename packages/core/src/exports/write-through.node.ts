/** Outputs that are written in place, because replacing them would destroy them: devices, pipes and open descriptors. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExportTarget } from './export-target.ts';

/** Linux's limit on consecutive links. */
const MAX_SYMLINKS = 40;

/** Pause between two looks for the reader of a named pipe, in milliseconds. */
const READER_PAUSE_MS = 20;

const { O_WRONLY } = fs.constants;
const O_NOCTTY: number = fs.constants.O_NOCTTY ?? 0;
const O_NONBLOCK: number = fs.constants.O_NONBLOCK ?? 0;

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

/** Writes to an open descriptor, which stays open. */
function overDescriptor(fd: number): Writable {
  const standard = [undefined, process.stdout, process.stderr][fd];
  if (standard) {
    return new Writable({
      write: (chunk, _encoding, done) => void standard.write(chunk as Uint8Array, (error) => done(error)),
    });
  }
  const status = fs.fstatSync(fd);
  if (status.isFIFO() || status.isSocket()) return new net.Socket({ fd, readable: false, writable: true });
  return fs.createWriteStream('', { fd, autoClose: false });
}

/** Opens a device or a named pipe. A pipe without a reader is waited for. */
async function openDevice(filePath: string, signal: AbortSignal | undefined): Promise<Writable> {
  for (;;) {
    try {
      const fd = fs.openSync(filePath, O_WRONLY | O_NOCTTY | O_NONBLOCK);
      const isPipe = fs.fstatSync(fd).isFIFO();
      return isPipe
        ? new net.Socket({ fd, readable: false, writable: true })
        : fs.createWriteStream('', { fd });
    } catch (error) {
      const waitsForReader =
        (error as NodeJS.ErrnoException).code === 'ENXIO' && fs.statSync(filePath).isFIFO();
      if (!waitsForReader) throw error;
    }
    await pause(READER_PAUSE_MS, undefined, { ...(signal && { signal }) });
  }
}
