/**
 * Reads a database that other programs keep, in WAL mode too, and changes none of its files.
 *
 * SQLite in WebAssembly has no shared memory, so it is shown a database in rollback mode: each page is read from where its
 * newest committed version is, the log or the database file. A transaction of SQLite is one state of both:
 *
 * 1. It begins with a read lock on the database file, as every reader's does. While it is held, nobody leaves WAL mode or
 *    deletes the log.
 * 2. Two read locks in the shared memory keep checkpoints and a new start of the log away. Others go on committing.
 * 3. Where there is no shared memory, no program has the database open. One that comes creates it before anything else, so
 *    each read, of the log as well, is followed by a look for it.
 */
import { constants } from 'node:fs';
import { LockLevel } from '../../contract/database-lock.ts';
import type { FileOpenMode, FileRole, Storage, StorageFile } from '../../contract/storage.ts';
import { systemError } from '../../contract/system-error.ts';
import { readWholeRange } from '../../contract/whole-range.ts';
import { wrapFile, wrapStorage } from '../../contract/wrap-storage.ts';
import { parseHeader } from '../../database-header.ts';
import { SqliteError } from '../../errors.ts';
import type { RangeLocks } from '../../locks/byte-range-lock.ts';
import { ResultCode } from '../../result-codes.ts';
import { nativeRangeLocks } from '../../locks/native-byte-ranges.node.ts';
import { type FileSystem, nodeFileSystem } from './file-system.node.ts';
import { type LogBytes, LogIndex } from './log-index.ts';
import { fileStorage, type FileStorageOptions } from './node-file.node.ts';
import { SharedMemory } from './shared-memory.node.ts';

const { O_RDONLY } = constants;
const O_NOFOLLOW: number = constants.O_NOFOLLOW ?? 0;
const HEADER_BYTES = 100;
const ROLLBACK_VERSION = 1;
/** Fields of the header that SQLite is shown with other values than the file's. */
const Field = {
  writeVersion: 18,
  readVersion: 19,
  changeCounter: 24,
  sizePages: 28,
  versionValidFor: 92,
} as const;

/**
 * A file system's clock may stand still for as long. A file that was changed since counts as changed anew each time, because
 * a second change may bear the same time.
 */
const CLOCK_STEP_MS = 50;

/** Options of {@link readOnlyFileStorage}: those of `fileStorage` that do not concern writing. */
export type ReadOnlyFileOptions = Pick<FileStorageOptions, 'rangeLocks' | 'fileSystem'>;

/**
 * Makes a storage that reads a database file of other programs. In rollback mode SQLite rolls back what a killed program
 * left half done, as every reader of the file does; in WAL mode no byte of any file is written.
 * @param databasePath - path of the file; symlinks are followed
 * @throws VfsError `NOT_FOUND`, `CANNOT_OPEN`, `LOCKS_UNAVAILABLE`
 */
export function readOnlyFileStorage(databasePath: string, options: ReadOnlyFileOptions = {}): Storage {
  const files = fileStorage(databasePath, { ...options, create: false });
  const { fileSystem: fs = nodeFileSystem } = options;
  const ranges = options.rangeLocks ?? (nativeRangeLocks() as RangeLocks);
  const isLogged = (): boolean => {
    const header = new Uint8Array(HEADER_BYTES);
    const file = files.open('main', { create: false, exclusive: false, readOnly: true });
    try {
      return isInWalMode(header.subarray(0, file.read(header, 0)));
    } finally {
      file.close();
    }
  };
  return wrapStorage(files, {
    capabilities: { ...files.capabilities, isLoggedByOthers: isLogged },
    open(role: FileRole, mode: FileOpenMode): StorageFile {
      if (role === 'wal') throw systemError('ENOENT', 'the log is shown as part of the database');
      if (role === 'journal') return files.open(role, { ...mode, create: false });
      const file = files.open(role, {
        create: false,
        exclusive: false,
        readOnly: mode.readOnly || isLogged(),
      });
      return new LoggedFile(file, { files, fs, ranges }).asFile();
    },
    exists: (role) => role !== 'wal' && files.exists(role),
    // SQLite deletes the emptied journal when a connection ends. Here it is another program's.
    delete: () => undefined,
    restrictPermissions: () => undefined,
  });
}

interface Surroundings {
  readonly files: Storage;
  readonly fs: FileSystem;
  readonly ranges: RangeLocks;
}

/** What a transaction of SQLite reads. */
interface Snapshot {
  readonly pageSizeBytes: number;
  readonly sizePages: number;
  /** Undefined where no log has any page. */
  readonly log: OpenLog | undefined;
  readonly memory: SharedMemory | undefined;
}

/** A database file, read together with its log. */
class LoggedFile {
  readonly #file: StorageFile;
  readonly #surroundings: Surroundings;
  readonly #index: LogIndex = new LogIndex();
  #level: LockLevel = LockLevel.none;
  /** Undefined outside a transaction, and in rollback mode. */
  #snapshot: Snapshot | undefined;
  /**
   * Another one for each state of file and log that was met: SQLite drops its cache when it differs. It begins anywhere, so
   * that it does not meet the file's own counter, which SQLite is shown in rollback mode and which is small in young files.
   */
  #version: number = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  #identity: string | undefined;

  constructor(file: StorageFile, surroundings: Surroundings) {
    this.#file = file;
    this.#surroundings = surroundings;
  }

  asFile(): StorageFile {
    return wrapFile(this.#file, {
      read: (target, offset) => this.#read(target, offset),
      write: (source, offset) => this.#changeable().write(source, offset),
      truncate: (sizeBytes) => this.#changeable().truncate(sizeBytes),
      sizeBytes: () => this.#sizeBytes(),
      lock: (level) => this.#lock(level),
      unlock: (level) => this.#unlock(level),
      close: () => {
        this.#end();
        this.#file.close();
      },
    });
  }

  #changeable(): StorageFile {
    if (this.#snapshot) throw systemError('EBADF', 'opened for reading only');
    return this.#file;
  }

  #lock(level: LockLevel): boolean {
    if (!this.#file.lock(level)) return false;
    if (this.#level === LockLevel.none) {
      let isBegun = false;
      try {
        isBegun = this.#begin();
      } finally {
        if (!isBegun) this.#file.unlock(LockLevel.none);
      }
      if (!isBegun) return false;
    }
    this.#level = Math.max(this.#level, level) as LockLevel;
    return true;
  }

  #unlock(level: LockLevel): void {
    if (level === LockLevel.none) this.#end();
    this.#level = Math.min(this.#level, level) as LockLevel;
    this.#file.unlock(level);
  }

  /** @returns false when another program stands in the way now */
  #begin(): boolean {
    const header = this.#storedHeader();
    const parsed = parseHeader(header);
    if (parsed.kind !== 'sqlite' || !parsed.wal) {
      // Opened for reading, SQLite cannot tell a running transaction from one that was interrupted.
      return !(this.#file.readOnly && this.#surroundings.files.exists('journal'));
    }
    const { fs, ranges, files } = this.#surroundings;
    const memory = SharedMemory.open(fs, `${files.name}-shm`, ranges);
    let log: OpenLog | undefined;
    try {
      if (memory && !memory.lock()) return this.#abandon(memory);
      log = OpenLog.open(fs, `${files.name}-wal`);
      if (!this.#refresh(memory, log)) return this.#abandon(memory, log);
      const sizePages = this.#index.databasePages || Math.ceil(this.#file.sizeBytes() / parsed.pageSizeBytes);
      this.#snapshot = { pageSizeBytes: parsed.pageSizeBytes, sizePages, log, memory };
      return true;
    } catch (error) {
      this.#abandon(memory, log);
      throw error;
    }
  }

  #abandon(memory: SharedMemory | undefined, log?: OpenLog): false {
    log?.close();
    memory?.close();
    return false;
  }

  #end(): void {
    const snapshot = this.#snapshot;
    this.#snapshot = undefined;
    if (snapshot) this.#abandon(snapshot.memory, snapshot.log);
  }

  /** Learns what was committed. @returns false while a writer is changing the shared memory */
  #refresh(memory: SharedMemory | undefined, log: OpenLog | undefined): boolean {
    const published = memory?.isLive === true ? memory.read() : undefined;
    if (memory?.isLive === true && !published) return false;
    this.#index.refresh(log, published);
    const { files, fs } = this.#surroundings;
    const status = fs.statSync(files.name, { throwIfNoEntry: false });
    const identity = [published?.identity, this.#index.identity, status?.mtimeMs, status?.size].join(' ');
    const mayHaveChangedAgain = Date.now() - (status?.mtimeMs ?? 0) < CLOCK_STEP_MS;
    if (identity !== this.#identity || mayHaveChangedAgain) this.#version = (this.#version + 1) % 2 ** 32;
    this.#identity = identity;
    return true;
  }

  #storedHeader(): Uint8Array {
    const header = new Uint8Array(HEADER_BYTES);
    return header.subarray(0, this.#file.read(header, 0));
  }

  #sizeBytes(): number {
    const snapshot = this.#snapshot;
    return snapshot ? snapshot.sizePages * snapshot.pageSizeBytes : this.#file.sizeBytes();
  }

  #read(target: Uint8Array, offset: number): number {
    const snapshot = this.#snapshot;
    if (snapshot) {
      const readBytes = this.#readSnapshot(snapshot, target, offset);
      this.#showRollbackMode(target.subarray(0, readBytes), offset, snapshot.sizePages);
      return readBytes;
    }
    const readBytes = this.#file.read(target, offset);
    if (offset < HEADER_BYTES && isInWalMode(this.#storedHeader())) {
      // A look at the header outside a transaction asks for the version.
      this.#look();
      this.#showRollbackMode(target.subarray(0, readBytes), offset, undefined);
    }
    return readBytes;
  }

  /** Learns of commits without a lock: nothing is read by what it finds. */
  #look(): void {
    const { fs, ranges, files } = this.#surroundings;
    let memory: SharedMemory | undefined;
    let log: OpenLog | undefined;
    try {
      memory = SharedMemory.open(fs, `${files.name}-shm`, ranges);
      log = OpenLog.open(fs, `${files.name}-wal`);
      this.#refresh(memory, log);
    } catch {
      // Another program is at work. The next look, or the next transaction, tells.
    } finally {
      this.#abandon(memory, log);
    }
  }

  #readSnapshot(snapshot: Snapshot, target: Uint8Array, offset: number): number {
    const { pageSizeBytes, log, memory } = snapshot;
    const endBytes = Math.min(offset + target.length, this.#sizeBytes());
    let at = offset;
    while (at < endBytes) {
      const inPage = at % pageSizeBytes;
      const part = target.subarray(at - offset, Math.min(endBytes, at - inPage + pageSizeBytes) - offset);
      const page = Math.floor(at / pageSizeBytes) + 1;
      const inLog = log && this.#index.offsetOf(page);
      const readBytes =
        log && inLog !== undefined ? log.read(part, inLog + inPage) : this.#file.read(part, at);
      // Nothing keeps a newcomer from starting the log anew either.
      if (!memory) this.#assertAlone();
      at += readBytes;
      if (readBytes < part.length) break;
    }
    return Math.max(0, at - offset);
  }

  /** @throws SqliteError SQLITE_BUSY (5), for the transaction to begin again */
  #assertAlone(): void {
    const { fs, files } = this.#surroundings;
    if (fs.existsSync(`${files.name}-shm`))
      throw new SqliteError(ResultCode.BUSY, 'another program has opened the database meanwhile');
  }

  /** Puts in what SQLite is to find in the header. @param bytes - those of the file from `offset` on */
  #showRollbackMode(bytes: Uint8Array, offset: number, sizePages: number | undefined): void {
    if (offset >= HEADER_BYTES) return;
    const put = (field: number, value: number, sizeBytes: 1 | 4): void => {
      for (let index = 0; index < sizeBytes; index++) {
        const at = field + index - offset;
        if (at >= 0 && at < bytes.length) bytes[at] = (value >>> (8 * (sizeBytes - 1 - index))) & 0xff;
      }
    };
    put(Field.writeVersion, ROLLBACK_VERSION, 1);
    put(Field.readVersion, ROLLBACK_VERSION, 1);
    put(Field.changeCounter, this.#version, 4);
    put(Field.versionValidFor, this.#version, 4);
    if (sizePages !== undefined) put(Field.sizePages, sizePages, 4);
  }
}

function isInWalMode(header: Uint8Array): boolean {
  const parsed = parseHeader(header);
  return parsed.kind === 'sqlite' && parsed.wal;
}

/** The log, open for the time of a transaction. */
class OpenLog implements LogBytes {
  readonly #fs: FileSystem;
  readonly #fd: number;

  /** @returns undefined where there is none */
  static open(fs: FileSystem, path: string): OpenLog | undefined {
    try {
      return new OpenLog(fs, fs.openSync(path, O_RDONLY | O_NOFOLLOW));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  private constructor(fs: FileSystem, fd: number) {
    this.#fs = fs;
    this.#fd = fd;
  }

  read(target: Uint8Array, offset: number): number {
    return readWholeRange(target.length, (start, lengthBytes) =>
      this.#fs.readSync(this.#fd, target, start, lengthBytes, offset + start),
    );
  }

  close(): void {
    this.#fs.closeSync(this.#fd);
  }
}
