import { constants } from 'node:fs';
import path from 'node:path';
import { VfsError } from '../../errors.ts';
import { ByteRangeLock, type RangeLocks } from '../../locks/byte-range-lock.ts';
import type { DatabaseLock, LockLevel } from '../../contract/database-lock.ts';
import { InProcessLock, InProcessLockTable } from '../../locks/in-process-lock.ts';
import { nativeRangeLocks } from '../../locks/native-byte-ranges.node.ts';
import type { FileOpenMode, FileRole, Storage, StorageFile } from '../../contract/storage.ts';
import { type FileSystem, nodeFileSystem } from './file-system.node.ts';
import { createPrivateDirectory, followSymlinks, syncDirectory, syncNameOf } from './durable-paths.node.ts';

/** Options of {@link fileStorage}. */
export interface FileStorageOptions {
  /**
   * The caller's word that no other process opens the file. Locks are then kept in this process alone, which is the
   * only way to write where no lock provider works.
   * @default false
   */
  readonly singleProcess?: boolean;
  /** Byte-range locks of the caller's own. @default the native provider of this platform */
  readonly rangeLocks?: RangeLocks;
  /** The file system underneath. Another one's descriptors need `rangeLocks` of its own. @default `node:fs` */
  readonly fileSystem?: FileSystem;
}

const SUFFIX: Record<FileRole, string> = { main: '', journal: '-journal', wal: '-wal' };
const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = constants;
// Absent on Windows. The main path has its symlinks resolved already; a journal that is one is an attack.
const O_NOFOLLOW: number = constants.O_NOFOLLOW ?? 0;

/** Locks of files opened with `singleProcess`, so that two handles in this process still respect each other. */
const inProcessTables = new Map<string, InProcessLockTable>();

function inProcessTable(filePath: string): InProcessLockTable {
  let table = inProcessTables.get(filePath);
  if (!table) inProcessTables.set(filePath, (table = new InProcessLockTable()));
  return table;
}

/** An open descriptor, and what the storage knows of its file. */
interface Descriptor {
  readonly fd: number;
  /** See {@link FileSystem.identitySync}. */
  readonly identity: string | undefined;
  readonly readOnly: boolean;
  /** The name of a new file is durable only once its directory has been synced. */
  directorySyncDue: boolean;
}

class NodeFile implements StorageFile {
  readonly readOnly: boolean;
  readonly #fs: FileSystem;
  readonly #fd: number;
  readonly #path: string;
  readonly #lock: DatabaseLock;
  readonly #descriptor: Descriptor;
  readonly #letGo: (descriptor: Descriptor) => void;

  constructor(
    fileSystem: FileSystem,
    descriptor: Descriptor,
    filePath: string,
    lock: DatabaseLock,
    letGo: (descriptor: Descriptor) => void,
  ) {
    this.#fs = fileSystem;
    this.#fd = descriptor.fd;
    this.#path = filePath;
    this.#lock = lock;
    this.readOnly = descriptor.readOnly;
    this.#descriptor = descriptor;
    this.#letGo = letGo;
  }

  read(target: Uint8Array, offset: number): number {
    let done = 0;
    while (done < target.length) {
      const count = this.#fs.readSync(this.#fd, target, done, target.length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(source: Uint8Array, offset: number): void {
    let done = 0;
    while (done < source.length) {
      done += this.#fs.writeSync(this.#fd, source, done, source.length - done, offset + done);
    }
  }

  truncate(sizeBytes: number): void {
    this.#fs.ftruncateSync(this.#fd, sizeBytes);
  }

  sync(): void {
    this.#fs.fdatasyncSync(this.#fd);
    if (this.#descriptor.directorySyncDue) {
      syncDirectory(path.dirname(this.#path), this.#fs);
      this.#descriptor.directorySyncDue = false;
    }
  }

  sizeBytes(): number {
    return this.#fs.fstatSync(this.#fd).size;
  }

  lock(level: LockLevel): boolean {
    return this.#lock.acquire(level);
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
      this.#letGo(this.#descriptor);
    }
  }
}

/**
 * SQLite opens the journal anew for every transaction. Its descriptor is kept from one to the next, which saves opening
 * it and, more, syncing the directory again: as long as it is open, no other file can get its inode number, so the file
 * that bears the journal's name with that number is the very one whose name has been synced. When somebody else has
 * deleted or replaced it, it is opened like any other.
 */
class KeptJournal {
  readonly #fs: FileSystem;
  readonly #path: string;
  #kept: Descriptor | undefined;

  constructor(fileSystem: FileSystem, journalPath: string) {
    this.#fs = fileSystem;
    this.#path = journalPath;
  }

  /** The kept descriptor, if the file still bears its name. The caller has it then. */
  take(): Descriptor | undefined {
    const kept = this.#kept;
    if (!kept) return undefined;
    if (this.#fs.identitySync(this.#path) !== kept.identity) {
      this.close();
      return undefined;
    }
    this.#kept = undefined;
    return kept;
  }

  readonly keep = (descriptor: Descriptor): void => {
    this.close();
    if (descriptor.readOnly) this.#fs.closeSync(descriptor.fd);
    else this.#kept = descriptor;
  };

  close(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept) this.#fs.closeSync(kept.fd);
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

/** Takes the group's and everybody's rights off a file of ours; somebody else's file stays as it is. */
function narrowMode(fs: FileSystem, fd: number): void {
  const { mode } = fs.fstatSync(fd);
  if ((mode & 0o077) === 0) return;
  try {
    fs.fchmodSync(fd, mode & 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'EROFS') throw error;
  }
}

/**
 * A database in a real file, page by page, with the locks that native SQLite respects. Missing folders are made with
 * mode 0700; the database and its journal are 0600 whatever the umask, and a wider mode is narrowed once the database
 * is accepted.
 *
 * Keep other libraries' hands off the file while it is open: a POSIX-lock user in this same process (better-sqlite3)
 * loses its locks when any descriptor of the file is closed here.
 *
 * @param databasePath - symlinks are followed, not replaced
 * @throws VfsError `CANNOT_OPEN` when the folder cannot be made, `LOCKS_UNAVAILABLE` when no lock provider works and
 * `singleProcess` was not given
 */
export function fileStorage(databasePath: string, options: FileStorageOptions = {}): Storage {
  const fs = options.fileSystem ?? nodeFileSystem;
  const ranges = options.singleProcess ? undefined : (options.rangeLocks ?? nativeRangeLocks());
  if (ranges && 'unavailable' in ranges) {
    throw new VfsError('LOCKS_UNAVAILABLE', `no file locks on this platform (${process.platform})`, {
      cause: ranges.unavailable,
      hint: 'Install fs-native-extensions, or pass singleProcess: true if no other process opens the file.',
    });
  }
  let realPath: string;
  try {
    realPath = followSymlinks(databasePath, fs);
    const directory = path.dirname(realPath);
    createPrivateDirectory(directory, fs);
    // Whoever made the folder may have died before its name was safe; whoever stored something in it has not.
    if (!(fs.statSync(realPath, { throwIfNoEntry: false })?.size ?? 0)) syncNameOf(directory, fs);
  } catch (error) {
    throw new VfsError('CANNOT_OPEN', `cannot open ${databasePath}`, { cause: error });
  }
  const pathOf = (role: FileRole): string => realPath + SUFFIX[role];
  const keptJournal = new KeptJournal(fs, pathOf('journal'));
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
      const writesJournal = role === 'journal' && mode.create && !mode.exclusive && !mode.readOnly;
      const letGo = writesJournal ? keptJournal.keep : ({ fd }: Descriptor): void => fs.closeSync(fd);
      const kept = writesJournal ? keptJournal.take() : undefined;
      if (kept) return new NodeFile(fs, kept, filePath, lockOn(kept.fd), letGo);
      const { fd, readOnly, created } = openDescriptor(fs, filePath, mode);
      try {
        if (!fs.fstatSync(fd).isFile()) {
          throw Object.assign(new Error(`${filePath} is not a regular file`), { code: 'EISDIR' });
        }
        // The database itself keeps its mode until it is accepted (`restrictPermissions`); a journal is ours once it is written.
        if (!readOnly && mode.create && role !== 'main') narrowMode(fs, fd);
        // A journal that was there already may owe its name to a process that died before syncing it.
        const directorySyncDue = mode.create && (created || role !== 'main');
        const identity = fs.identitySync(fd);
        return new NodeFile(fs, { fd, identity, readOnly, directorySyncDue }, filePath, lockOn(fd), letGo);
      } catch (error) {
        fs.closeSync(fd);
        throw error;
      }
    },
    delete(role: FileRole, { syncDirectory: durably }: { readonly syncDirectory: boolean }): void {
      if (role === 'journal') keptJournal.close();
      fs.unlinkSync(pathOf(role));
      if (durably) syncDirectory(path.dirname(realPath), fs);
    },
    exists(role: FileRole): boolean {
      const stat = fs.statSync(pathOf(role), { throwIfNoEntry: false });
      return stat !== undefined && stat.size > 0;
    },
    restrictPermissions(): void {
      const { fd } = openDescriptor(fs, realPath, {
        create: false,
        exclusive: false,
        readOnly: true,
      });
      try {
        narrowMode(fs, fd);
      } finally {
        fs.closeSync(fd);
      }
    },
    close: () => keptJournal.close(),
  };
}
