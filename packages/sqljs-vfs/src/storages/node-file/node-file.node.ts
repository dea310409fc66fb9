import { constants } from 'node:fs';
import path from 'node:path';
import { VfsError } from '../../errors.ts';
import { ByteRangeLock, type RangeLocks } from '../../locks/byte-range-lock.ts';
import type { DatabaseLock, LockLevel } from '../../contract/database-lock.ts';
import { InProcessLock, InProcessLockTable } from '../../locks/in-process-lock.ts';
import { nativeRangeLocks } from '../../locks/native-byte-ranges.node.ts';
import { readWholeRange, writeWholeRange } from '../../contract/whole-range.ts';
import type { FileOpenMode, FileRole, Storage, StorageFile } from '../../contract/storage.ts';
import { type FileSystem, nodeFileSystem } from './file-system.node.ts';
import { type Descriptor, JournalDescriptorCache } from './journal-descriptor.node.ts';
import { OpenFiles } from './open-files.node.ts';
import { systemError } from '../../contract/system-error.ts';
import {
  createPrivateDirectory,
  followSymlinks,
  removeEmptyDirectories,
  syncDirectory,
  syncNameOf,
} from './durable-paths.node.ts';

export type { FileStatus, FileSystem } from './file-system.node.ts';

/** Options of {@link fileStorage}. */
export interface FileStorageOptions {
  /**
   * The caller's promise that no other process opens the file. Locks are then kept in this process only. Where no lock
   * provider works, a file cannot be written otherwise.
   * @default false
   */
  readonly singleProcess?: boolean;
  /** Create the file and its directory if they are missing. @default true */
  readonly create?: boolean;
  /** The caller's own byte-range locks. @default the native provider of this platform */
  readonly rangeLocks?: RangeLocks;
  /** The file system to use. One with its own descriptors needs its own `rangeLocks`. @default `node:fs` */
  readonly fileSystem?: FileSystem;
}

const SUFFIX: Record<FileRole, string> = { main: '', journal: '-journal', wal: '-wal' };
const { O_RDWR, O_CREAT, O_EXCL } = constants;
/** A named pipe would wait for a writer; files do not care. Windows has neither. */
const O_RDONLY: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
// Refuses a journal path that is a symlink: following it could overwrite another file. The symlinks of the main path
// are resolved already. Windows has no such flag.
const O_NOFOLLOW: number = constants.O_NOFOLLOW ?? 0;

/**
 * Whether the journal's descriptor stays open between transactions. While a file is open in Windows, native SQLite may be
 * unable to make a new one of its name after deleting it, and there is no directory to sync.
 */
const keepsJournal = process.platform !== 'win32';

/** Locks of files opened with `singleProcess`: two handles in this process still exclude each other. */
const inProcessTables = new Map<string, InProcessLockTable>();

function inProcessTable(filePath: string): InProcessLockTable {
  let table = inProcessTables.get(filePath);
  if (!table) inProcessTables.set(filePath, (table = new InProcessLockTable()));
  return table;
}

class NodeFile implements StorageFile {
  readonly readOnly: boolean;
  readonly #fs: FileSystem;
  readonly #path: string;
  readonly #lock: DatabaseLock;
  readonly #descriptor: Descriptor;
  readonly #openFiles: OpenFiles;
  readonly #release: (descriptor: Descriptor) => void;

  constructor(
    fileSystem: FileSystem,
    descriptor: Descriptor,
    filePath: string,
    lock: DatabaseLock,
    openFiles: OpenFiles,
    release: (descriptor: Descriptor) => void,
  ) {
    this.#fs = fileSystem;
    this.#path = filePath;
    this.#lock = lock;
    this.readOnly = descriptor.readOnly;
    this.#descriptor = descriptor;
    this.#openFiles = openFiles;
    this.#release = release;
  }

  read(target: Uint8Array, offset: number): number {
    const { fd } = this.#descriptor;
    return readWholeRange(target.length, (start, lengthBytes) =>
      this.#fs.readSync(fd, target, start, lengthBytes, offset + start),
    );
  }

  write(source: Uint8Array, offset: number): void {
    if (this.#descriptor.contentSyncDue) this.#syncContent();
    const { fd } = this.#descriptor;
    writeWholeRange(source.length, (start, lengthBytes) =>
      this.#fs.writeSync(fd, source, start, lengthBytes, offset + start),
    );
  }

  truncate(sizeBytes: number): void {
    this.#fs.ftruncateSync(this.#descriptor.fd, sizeBytes);
  }

  sync(): void {
    this.#syncContent();
    if (this.#descriptor.directorySyncDue) {
      syncDirectory(path.dirname(this.#path), this.#fs);
      this.#descriptor.directorySyncDue = false;
    }
  }

  #syncContent(): void {
    this.#fs.fdatasyncSync(this.#descriptor.fd);
    this.#descriptor.contentSyncDue = false;
  }

  sizeBytes(): number {
    return this.#fs.fstatSync(this.#descriptor.fd).size;
  }

  lock(level: LockLevel): boolean {
    this.assertInPlace();
    return this.#lock.acquire(level);
  }

  assertInPlace(): void {
    this.#openFiles.assertInPlace();
  }

  unlock(level: LockLevel): void {
    this.#lock.release(level);
  }

  reserved(): boolean {
    return this.#lock.reserved();
  }

  close(): void {
    try {
      this.#lock.release(0);
    } finally {
      this.#release(this.#descriptor);
    }
  }
}

function openDescriptor(
  fs: FileSystem,
  filePath: string,
  mode: FileOpenMode,
): { fd: number; readOnly: boolean; created: boolean } {
  if (mode.readOnly)
    return { fd: fs.openSync(filePath, O_RDONLY | O_NOFOLLOW), readOnly: true, created: false };
  if (mode.create) {
    try {
      const fd = fs.openSync(filePath, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      fs.fchmodSync(fd, 0o600);
      return { fd, readOnly: false, created: true };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || mode.exclusive) throw error;
    }
  }
  try {
    const fd = fs.openSync(filePath, O_RDWR | O_NOFOLLOW);
    return { fd, readOnly: false, created: false };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM') throw error;
    return { fd: fs.openSync(filePath, O_RDONLY | O_NOFOLLOW), readOnly: true, created: false };
  }
}

/** Removes the permissions of the group and of others. The file of another user keeps its mode. */
function restrictMode(fs: FileSystem, fd: number): void {
  const { mode } = fs.fstatSync(fd);
  if ((mode & 0o077) === 0) return;
  try {
    fs.fchmodSync(fd, mode & 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'EROFS') throw error;
  }
}

function locksUnavailable(cause: unknown, hint: string): VfsError {
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  return new VfsError('LOCKS_UNAVAILABLE', `files cannot be locked here${reason}`, { cause, hint });
}

function checkLocks(ranges: RangeLocks | undefined, directory: string): void {
  try {
    ranges?.check?.(directory);
  } catch (error) {
    throw locksUnavailable(
      error,
      'Put the database on a file system with locks, or pass singleProcess: true if no other process opens it.',
    );
  }
}

/**
 * Stores a database in a real file, page by page, with the locks that native SQLite respects. Missing directories are
 * created with mode 0700. The database and its journal get mode 0600 whatever the umask; the wider mode of an existing
 * database is restricted once the database is accepted.
 *
 * No other library in this process may open the same file: POSIX locks (better-sqlite3 uses them) are lost when any
 * descriptor of the file is closed in the process, and this storage closes some.
 *
 * @param databasePath - path of the file; symlinks are followed, not replaced
 * @throws VfsError `CANNOT_OPEN` when the directory cannot be created, `LOCKS_UNAVAILABLE` when no lock provider works and
 * `singleProcess` was not given, `NOT_FOUND` when the file is missing and is not to be created
 */
export function fileStorage(databasePath: string, options: FileStorageOptions = {}): Storage {
  const { fileSystem: fs = nodeFileSystem, create = true } = options;
  const ranges = options.singleProcess ? undefined : (options.rangeLocks ?? nativeRangeLocks());
  if (ranges && 'unavailable' in ranges) throw locksUnavailable(ranges.unavailable, ranges.hint);
  let realPath: string;
  let ownDirectories: readonly string[] = [];
  try {
    realPath = followSymlinks(databasePath, fs);
    if (!create && !fs.statSync(realPath, { throwIfNoEntry: false })) {
      throw new VfsError('NOT_FOUND', `there is no file ${databasePath}`);
    }
    const directory = path.dirname(realPath);
    ownDirectories = createPrivateDirectory(directory, fs);
    // The process that created the directory may have crashed before syncing its parent. A non-empty database proves
    // that the parent was synced.
    if (!(fs.statSync(realPath, { throwIfNoEntry: false })?.size ?? 0)) syncNameOf(directory, fs);
    checkLocks(ranges, directory);
  } catch (error) {
    removeEmptyDirectories(ownDirectories, fs);
    if (error instanceof VfsError) throw error;
    throw new VfsError('CANNOT_OPEN', `cannot open ${databasePath}`, { cause: error });
  }
  const pathOf = (role: FileRole): string => realPath + SUFFIX[role];
  const journalDescriptors = new JournalDescriptorCache(fs, pathOf('journal'));
  const openFiles = new OpenFiles(fs);
  const lockOn = (fd: number): DatabaseLock =>
    ranges ? new ByteRangeLock(fd, ranges) : new InProcessLock(inProcessTable(realPath));
  return {
    capabilities: {
      kind: 'file',
      persistent: true,
      multiProcess: ranges !== undefined,
      syncSurvives: 'power loss',
      atomicCommit: false,
      lockProvider: ranges?.name ?? 'in process',
    },
    name: realPath,
    open(role: FileRole, mode: FileOpenMode): StorageFile {
      const filePath = pathOf(role);
      if (role !== 'main') openFiles.assertInPlace();
      const writesJournal = role === 'journal' && mode.create && !mode.exclusive && !mode.readOnly;
      const release =
        keepsJournal && writesJournal
          ? journalDescriptors.keep
          : (descriptor: Descriptor): void => {
              openFiles.delete(descriptor);
              fs.closeSync(descriptor.fd);
            };
      const kept = writesJournal ? journalDescriptors.take() : undefined;
      const fileOf = (descriptor: Descriptor): StorageFile =>
        new NodeFile(fs, descriptor, filePath, lockOn(descriptor.fd), openFiles, release);
      if (kept) return fileOf(kept);
      const mayCreate = mode.create && (create || role !== 'main');
      let opened: ReturnType<typeof openDescriptor>;
      try {
        opened = openDescriptor(fs, filePath, { ...mode, create: mayCreate });
      } catch (error) {
        if (role === 'main') removeEmptyDirectories(ownDirectories, fs);
        throw error;
      }
      const { fd, readOnly, created } = opened;
      try {
        if (!fs.fstatSync(fd).isFile()) {
          throw systemError('EISDIR', 'it is not a regular file');
        }
        // The database keeps its mode until it is accepted (`restrictPermissions`). A journal belongs to this program
        // as soon as it is written.
        if (!readOnly && mode.create && role !== 'main') restrictMode(fs, fd);
        // The process that created an existing journal may have crashed before syncing its name.
        const directorySyncDue = mode.create && (created || role !== 'main');
        // A log's header carries a new salt and is synced on its own, so only a journal can mix with what it was before.
        const contentSyncDue = writesJournal && !created;
        const inodeId = fs.inodeIdSync(fd);
        const descriptor = { fd, inodeId, readOnly, directorySyncDue, contentSyncDue };
        // Other connections delete and replace journals as a matter of course.
        if (role !== 'journal') openFiles.add(descriptor, filePath);
        return fileOf(descriptor);
      } catch (error) {
        fs.closeSync(fd);
        throw error;
      }
    },
    delete(role: FileRole, { syncDirectory: durably }: { readonly syncDirectory: boolean }): void {
      if (role === 'journal') journalDescriptors.close();
      openFiles.assertInPlace();
      fs.unlinkSync(pathOf(role));
      if (durably) syncDirectory(path.dirname(realPath), fs);
    },
    exists(role: FileRole): boolean {
      const stat = fs.statSync(pathOf(role), { throwIfNoEntry: false });
      return stat !== undefined && stat.size > 0;
    },
    restrictPermissions(): void {
      for (const { fd } of openFiles.at(realPath)) restrictMode(fs, fd);
    },
    close: () => journalDescriptors.close(),
  };
}
