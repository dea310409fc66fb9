import fs from 'node:fs';
import path from 'node:path';
import { readWholeRange, writeWholeRange } from '../contract/whole-range.ts';
import { wrapFile } from '../contract/wrap-storage.ts';
import { TemporaryFileError } from '../errors.ts';
import type { StorageFile } from '../contract/storage.ts';

/** Variables that name the directory, and directories that there are without one; Windows sets its variables always. */
const [VARIABLES, DIRECTORIES] =
  process.platform === 'win32'
    ? [['SQLITE_TMPDIR', 'TMP', 'TEMP'], []]
    : [
        ['SQLITE_TMPDIR', 'TMPDIR'],
        ['/var/tmp', '/usr/tmp', '/tmp'],
      ];

/**
 * Creates a file that only this process can reach: mode 0600, and without a name from the start, so that it disappears
 * with the process however that ends.
 * @param directory - @default the first usable one of those that native SQLite tries
 * (https://www.sqlite.org/tempfiles.html#temporary_file_storage_locations)
 * @returns undefined where no default directory can be written
 * @throws the system's error for a given directory
 */
export function openTemporaryFile(directory: string): TemporaryFile;
export function openTemporaryFile(directory?: string): StorageFile | undefined;
export function openTemporaryFile(directory?: string): StorageFile | undefined {
  if (directory !== undefined) return createIn(directory);
  for (const candidate of [...VARIABLES.map(environmentVariable), ...DIRECTORIES]) {
    if (candidate === undefined || candidate === '') continue;
    try {
      return namingDirectory(createIn(candidate), candidate);
    } catch {
      // The next directory may be usable.
    }
  }
  return undefined;
}

/** Reads a variable. In Deno, only `--allow-env` permits that; without it, the variable counts as not set. */
function environmentVariable(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}

/** Makes failures name the folder: the caller did not choose it. */
function namingDirectory(file: StorageFile, directory: string): StorageFile {
  const run = <T>(call: () => T): T => {
    try {
      return call();
    } catch (error) {
      throw new TemporaryFileError(directory, error as Error);
    }
  };
  return wrapFile(file, {
    read: (target, offset) => run(() => file.read(target, offset)),
    write: (source, offset) => run(() => file.write(source, offset)),
    truncate: (sizeBytes) => run(() => file.truncate(sizeBytes)),
    sizeBytes: () => run(() => file.sizeBytes()),
  });
}

function createIn(directory: string): TemporaryFile {
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  const filePath = path.join(directory, `.sqljs-vfs-${randomBytes(12).toString('hex')}`);
  const fd = fs.openSync(filePath, 'wx+', 0o600);
  try {
    fs.unlinkSync(filePath);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return new TemporaryFile(fd);
}

/** An open file without a name. Nobody writes it who has not opened it, so every lock is granted. */
export class TemporaryFile implements StorageFile {
  readonly readOnly: boolean;
  /** By which every thread of this process reaches the file while it is open. */
  readonly descriptor: number;

  constructor(descriptor: number, readOnly: boolean = false) {
    this.descriptor = descriptor;
    this.readOnly = readOnly;
  }

  read(target: Uint8Array, offset: number): number {
    return readWholeRange(target.length, (start, lengthBytes) =>
      fs.readSync(this.descriptor, target, start, lengthBytes, offset + start),
    );
  }

  write(source: Uint8Array, offset: number): void {
    writeWholeRange(source.length, (start, lengthBytes) =>
      fs.writeSync(this.descriptor, source, start, lengthBytes, offset + start),
    );
  }

  truncate(sizeBytes: number): void {
    fs.ftruncateSync(this.descriptor, sizeBytes);
  }

  sync(): void {
    // The content is lost with the process anyway.
  }

  sizeBytes(): number {
    return fs.fstatSync(this.descriptor).size;
  }

  lock(): boolean {
    return true;
  }

  unlock(): void {
    // Nothing was locked.
  }

  reserved(): boolean {
    return false;
  }

  close(): void {
    fs.closeSync(this.descriptor);
  }
}
