/**
 * SQLite's virtual file system (https://www.sqlite.org/vfs.html), written in JavaScript: the methods that SQLite calls
 * to open, read, write, sync and lock files, answered from a storage.
 *
 * 1. A method never throws into WebAssembly: it keeps the JavaScript error in {@link Failures.lastError} and returns
 *    the result code of that method.
 * 2. WebAssembly memory moves when it grows, so every method derives its view of it again.
 * 3. Only files of mounted databases are answered here, and temporary files where the platform has them. Every other
 *    name (`ATTACH`) goes to the VFS that was there before.
 */
import { openTemporaryFile } from '#sqlite/temporary-file';
import { VfsError } from '../errors.ts';
import { ResultCode } from '../result-codes.ts';
import type { FileRole, Storage, StorageFile } from '../contract/storage.ts';
import type { LockLevel } from '../contract/database-lock.ts';
import { type Failures, isOutOfSpace, reportStorageErrors } from './storage-errors.ts';
import { WriteCoalescing } from './write-coalescing.ts';
import type { SqlJs } from './load-sqljs.ts';
import {
  ACCESS_EXISTS,
  FCNTL_COMMIT_PHASETWO,
  IO_METHODS_SIZE_BYTES,
  IO_METHODS_VERSION,
  IOCAP_POWERSAFE_OVERWRITE,
  OpenFlag,
  SECTOR_SIZE_BYTES,
  VfsField,
  findDefaultVfs,
  readCString,
} from './sqlite3-structs.ts';

type OriginalVfsMethod = (vfs: number, ...rest: number[]) => number;

/** One database: the name sql.js gave it stands for the files of this storage. */
export interface Mount extends Failures {
  readonly storage: Storage;
  /** Bytes that SQLite has written and the storage has not received yet. */
  readonly writes: WriteCoalescing;
  /** The open database file; undefined once SQLite has closed it. */
  main: StorageFile | undefined;
  /** True while SQLite has a write-ahead log open, as only an exclusive owner does. */
  hasLog: boolean;
}

interface OpenFile {
  /** A temporary file belongs to no database and has writes of its own. */
  readonly mount: Pick<Mount, 'writes' | 'main' | 'hasLog'>;
  readonly failures: Failures;
  readonly file: StorageFile;
  readonly role: FileRole | 'temporary';
  /** Deletes a file that was opened with SQLITE_OPEN_DELETEONCLOSE. */
  readonly deleteAfterClose?: () => void;
}

/** A mounted database's storage, and which of its files a name stands for. */
interface MountedName {
  readonly mount: Mount;
  readonly role: FileRole;
}

/** The super-journal of a transaction over several files; see `#refuseSuperJournal`. */
const SUPER_JOURNAL = /^\/?(?<name>dbfile_\d+)-mj[0-9A-F]+$/;
const DATABASE_FILE = /^\/?(?<name>dbfile_\d+)(?:-(?<suffix>journal|wal))?$/;

/** Connects this realm's only sql.js to storages. It is created once and patches the default VFS. */
export class SqlJsVfs {
  readonly #sqlJs: SqlJs;
  readonly #mounts: Map<string, Mount> = new Map();
  readonly #openFiles: Map<number, OpenFile> = new Map();
  /** Failures of temporary files: SQLite does not say for which database it opens one. */
  readonly #temporaryFailures: Failures = { lastError: undefined };
  readonly #ioMethods: number;
  /** Set while a database is being created: sql.js then makes up its name, which xOpen receives first. */
  #awaitingName: Mount | undefined;

  /** @throws VfsError `UNSUPPORTED_SQLJS` */
  constructor(sqlJs: SqlJs) {
    this.#sqlJs = sqlJs;
    const vfs = findDefaultVfs(sqlJs);
    this.#ioMethods = this.#installIoMethods();
    this.#patchVfs(vfs);
  }

  /**
   * Opens a database on a storage. The empty image makes sql.js create a placeholder file, which its `close()` expects.
   * @throws VfsError `CANNOT_OPEN` with the storage's error as cause
   */
  openDatabase(storage: Storage): { database: InstanceType<SqlJs['module']['Database']>; mount: Mount } {
    const mount: Mount = {
      storage,
      writes: new WriteCoalescing(),
      main: undefined,
      hasLog: false,
      lastError: undefined,
    };
    this.#awaitingName = mount;
    try {
      const database = new this.#sqlJs.module.Database(new Uint8Array(0));
      reportStorageErrors(database, mount, this.#temporaryFailures);
      return { database, mount };
    } catch (error) {
      for (const [name, bound] of this.#mounts) if (bound === mount) this.#mounts.delete(name);
      throw new VfsError('CANNOT_OPEN', `cannot open ${storage.name}`, { cause: mount.lastError ?? error });
    } finally {
      this.#awaitingName = undefined;
    }
  }

  /** Forgets a database that has been closed. */
  release(databaseName: string): void {
    this.#mounts.delete(databaseName);
  }

  #view(): DataView {
    return new DataView(this.#sqlJs.memory.buffer);
  }

  #bytes(pointer: number, sizeBytes: number): Uint8Array {
    return new Uint8Array(this.#sqlJs.memory.buffer, pointer, sizeBytes);
  }

  /** Finds the storage and role behind a file name; undefined for files of other databases and for a null pointer. */
  #lookUp(namePointer: number): MountedName | undefined {
    const groups = DATABASE_FILE.exec(readCString(this.#sqlJs.memory, namePointer))?.groups;
    const mount = groups?.['name'] === undefined ? undefined : this.#mounts.get(groups['name']);
    return mount && { mount, role: (groups?.['suffix'] as FileRole | undefined) ?? 'main' };
  }

  #guard(failures: Failures, failure: number, call: () => number): number {
    try {
      return call();
    } catch (error) {
      // Only the newest failure can be the cause of what SQLite reports next.
      this.#temporaryFailures.lastError = undefined;
      failures.lastError = error;
      return isOutOfSpace(error) ? ResultCode.FULL : failure;
    }
  }

  /** Builds `sqlite3_io_methods` (https://www.sqlite.org/c3ref/io_methods.html). @returns its address */
  #installIoMethods(): number {
    // In the order of the struct's function pointers.
    const pointers = [
      this.#sqlJs.module.addFunction((filePointer: number) => this.#xClose(filePointer), 'ii'),
      this.#ioMethod('iiiij', ResultCode.IOERR_READ, this.#xRead),
      this.#ioMethod('iiiij', ResultCode.IOERR_WRITE, this.#xWrite),
      this.#ioMethod('iij', ResultCode.IOERR_TRUNCATE, this.#xTruncate),
      this.#ioMethod('iii', ResultCode.IOERR_FSYNC, this.#xSync),
      this.#ioMethod('iii', ResultCode.IOERR_FSTAT, this.#xFileSize),
      this.#ioMethod('iii', ResultCode.IOERR_LOCK, this.#xLock),
      this.#ioMethod('iii', ResultCode.IOERR_UNLOCK, this.#xUnlock),
      this.#ioMethod('iii', ResultCode.IOERR_CHECKRESERVEDLOCK, this.#xCheckReservedLock),
      this.#ioMethod('iiii', ResultCode.IOERR_WRITE, this.#xFileControl),
      this.#ioMethod('ii', SECTOR_SIZE_BYTES, this.#xSectorSize),
      this.#ioMethod('ii', IOCAP_POWERSAFE_OVERWRITE, this.#xDeviceCharacteristics),
    ];
    const struct = this.#sqlJs.module._malloc(IO_METHODS_SIZE_BYTES);
    const view = this.#view();
    view.setInt32(struct, IO_METHODS_VERSION, true);
    for (const [index, pointer] of pointers.entries()) view.setUint32(struct + 4 + 4 * index, pointer, true);
    return struct;
  }

  /**
   * Puts one method of `sqlite3_io_methods` into the function table.
   * @param signature - Emscripten's: the result, then the parameters; `j` is a 64-bit integer
   * @param failure - the result code when the call throws, or when the file is not open
   * @returns its index in the table, which is a function pointer in C
   */
  #ioMethod(
    signature: string,
    failure: number,
    method: (open: OpenFile, ...parameters: never[]) => number,
  ): number {
    return this.#sqlJs.module.addFunction((filePointer: number, ...parameters: never[]) => {
      const open = this.#openFiles.get(filePointer);
      if (!open) return failure;
      return this.#guard(open.failures, failure, () => method(open, ...parameters));
    }, signature);
  }

  /** Reads bytes of the file into SQLite's memory. SQLite expects the rest of a short read to be zeros. */
  readonly #xRead = (
    { file }: OpenFile,
    targetPointer: number,
    sizeBytes: number,
    offset: bigint,
  ): number => {
    const target = this.#bytes(targetPointer, sizeBytes);
    const readBytes = file.read(target, Number(offset));
    if (readBytes === sizeBytes) return ResultCode.OK;
    target.fill(0, readBytes);
    return ResultCode.IOERR_SHORT_READ;
  };

  /** Writes bytes of SQLite's memory to the file: a page of the database, or a piece of the journal or log. */
  readonly #xWrite = (
    { file, role, mount }: OpenFile,
    sourcePointer: number,
    sizeBytes: number,
    offset: bigint,
  ): number => {
    // An exclusive owner locks its database only once, so SQLite looks for it nowhere else.
    if (role === 'wal' && mount.writes.isEmpty) file.assertInPlace?.();
    file.write(this.#bytes(sourcePointer, sizeBytes), Number(offset));
    return ResultCode.OK;
  };

  readonly #xTruncate = ({ file }: OpenFile, sizeBytes: bigint): number => {
    file.truncate(Number(sizeBytes));
    return ResultCode.OK;
  };

  readonly #xSync = ({ file }: OpenFile): number => {
    file.sync();
    return ResultCode.OK;
  };

  readonly #xFileSize = ({ file }: OpenFile, sizePointer: number): number => {
    this.#view().setBigInt64(sizePointer, BigInt(file.sizeBytes()), true);
    return ResultCode.OK;
  };

  readonly #xLock = ({ file }: OpenFile, level: LockLevel): number => {
    return file.lock(level) ? ResultCode.OK : ResultCode.BUSY;
  };

  /**
   * Always reports success: SQLite unlocks after the commit and would report the stored commit as failed otherwise. A
   * lock that was not released keeps others out a little longer, which is safe; the next unlock or close ends it.
   */
  readonly #xUnlock = ({ file, mount, failures }: OpenFile, level: LockLevel): number => {
    try {
      mount.writes.end();
    } finally {
      try {
        file.unlock(level);
      } catch (error) {
        failures.lastError = error;
      }
    }
    return ResultCode.OK;
  };

  readonly #xCheckReservedLock = ({ file }: OpenFile, resultPointer: number): number => {
    this.#view().setInt32(resultPointer, file.reserved() ? 1 : 0, true);
    return ResultCode.OK;
  };

  readonly #xFileControl = ({ mount }: OpenFile, operation: number): number => {
    // With `PRAGMA synchronous=OFF` this is the only call SQLite makes at the end of a commit.
    if (operation === FCNTL_COMMIT_PHASETWO) mount.writes.flush();
    return ResultCode.NOTFOUND;
  };

  readonly #xSectorSize = (): number => {
    return SECTOR_SIZE_BYTES;
  };

  readonly #xDeviceCharacteristics = (): number => {
    return IOCAP_POWERSAFE_OVERWRITE;
  };

  #xClose(filePointer: number): number {
    const open = this.#openFiles.get(filePointer);
    if (!open) return ResultCode.OK;
    this.#openFiles.delete(filePointer);
    if (open.role === 'main') open.mount.main = undefined;
    if (open.role === 'wal') open.mount.hasLog = false;
    return this.#guard(open.failures, ResultCode.IOERR_CLOSE, () => {
      open.file.close();
      open.deleteAfterClose?.();
      return ResultCode.OK;
    });
  }

  /** Replaces four methods of the default `sqlite3_vfs` (https://www.sqlite.org/c3ref/vfs.html). */
  #patchVfs(vfs: number): void {
    const before = this.#view();
    const originalOf = (field: number): OriginalVfsMethod =>
      this.#sqlJs.table.get(before.getUint32(vfs + field, true)) as OriginalVfsMethod;
    const originalOpen = originalOf(VfsField.xOpen);
    const originalDelete = originalOf(VfsField.xDelete);
    const originalAccess = originalOf(VfsField.xAccess);
    const { module } = this.#sqlJs;

    const xOpen = module.addFunction(
      (self: number, name: number, file: number, flags: number, outFlags: number) => {
        this.#catchName(name, flags);
        if (flags & OpenFlag.superJournal && this.#refuseSuperJournal(name)) return ResultCode.CANTOPEN;
        const found = this.#lookUp(name);
        if (found) return this.#xOpen(found, file, flags, outFlags);
        const temporary = name === 0 ? this.#openTemporary(file, flags, outFlags) : undefined;
        return temporary ?? originalOpen(self, name, file, flags, outFlags);
      },
      'iiiiii',
    );
    const xDelete = module.addFunction((self: number, name: number, syncDirectory: number) => {
      const found = this.#lookUp(name);
      return found ? this.#xDelete(found, syncDirectory) : originalDelete(self, name, syncDirectory);
    }, 'iiii');
    const xAccess = module.addFunction((self: number, name: number, flags: number, resultPointer: number) => {
      const found = this.#lookUp(name);
      return found
        ? this.#xAccess(found, flags, resultPointer)
        : originalAccess(self, name, flags, resultPointer);
    }, 'iiiii');
    const xSleep = module.addFunction((_self: number, durationMicroseconds: number) => {
      sleepMs(durationMicroseconds / 1000);
      return durationMicroseconds;
    }, 'iii');

    const after = this.#view();
    after.setUint32(vfs + VfsField.xOpen, xOpen, true);
    after.setUint32(vfs + VfsField.xDelete, xDelete, true);
    after.setUint32(vfs + VfsField.xAccess, xAccess, true);
    after.setUint32(vfs + VfsField.xSleep, xSleep, true);
  }

  /** Mounts the database being created under the name that sql.js has made up for it. */
  #catchName(namePointer: number, flags: number): void {
    if (!this.#awaitingName || namePointer === 0 || !(flags & OpenFlag.mainDatabase)) return;
    const databaseName = readCString(this.#sqlJs.memory, namePointer).replace(/^\//, '');
    this.#mounts.set(databaseName, this.#awaitingName);
    this.#awaitingName = undefined;
  }

  #xDelete({ mount, role }: MountedName, syncDirectory: number): number {
    return this.#guard(mount, ResultCode.IOERR_DELETE, () => {
      mount.writes.flush();
      try {
        mount.storage.delete(role, { syncDirectory: syncDirectory !== 0 });
        return ResultCode.OK;
      } catch (error) {
        if ((error as { code?: unknown }).code === 'ENOENT') return ResultCode.IOERR_DELETE_NOENT;
        throw error;
      }
    });
  }

  #xAccess({ mount, role }: MountedName, flags: number, resultPointer: number): number {
    return this.#guard(mount, ResultCode.IOERR_ACCESS, () => {
      mount.writes.flush();
      const accessible = flags === ACCESS_EXISTS ? mount.storage.exists(role) : true;
      this.#view().setInt32(resultPointer, accessible ? 1 : 0, true);
      return ResultCode.OK;
    });
  }

  /**
   * Refuses the super-journal of a transaction over a mounted database and an attached file. That journal would be in
   * memory and lost in a crash; SQLite would then take a half-finished commit for a finished one.
   * @returns true when the name belongs to a mounted database
   */
  #refuseSuperJournal(namePointer: number): boolean {
    const name = SUPER_JOURNAL.exec(readCString(this.#sqlJs.memory, namePointer))?.groups?.['name'];
    const mount = name === undefined ? undefined : this.#mounts.get(name);
    if (!mount) return false;
    mount.lastError = new Error('one transaction cannot write both the database and an attached file');
    return true;
  }

  #xOpen({ mount, role }: MountedName, filePointer: number, flags: number, outFlagsPointer: number): number {
    // SQLite calls xClose only if pMethods is set, so a failed open must leave it null.
    this.#view().setUint32(filePointer, 0, true);
    return this.#guard(mount, ResultCode.CANTOPEN, () => {
      const stored = mount.storage.open(role, {
        create: (flags & OpenFlag.create) !== 0,
        exclusive: (flags & OpenFlag.exclusive) !== 0,
        readOnly: (flags & OpenFlag.readOnly) !== 0,
      });
      const file = mount.writes.over(stored);
      if (role === 'main') mount.main = file;
      if (role === 'wal') mount.hasLog = true;
      this.#openFiles.set(filePointer, {
        mount,
        failures: mount,
        file,
        role,
        ...(flags & OpenFlag.deleteOnClose && {
          deleteAfterClose: () => mount.storage.delete(role, { syncDirectory: false }),
        }),
      });
      this.#setOpened(file, filePointer, flags, outFlagsPointer);
      return ResultCode.OK;
    });
  }

  /**
   * Opens a file for what SQLite does not keep in memory: a VACUUM, a sort, the journal of a statement. In the default
   * VFS it would be in WebAssembly's memory, and a large database would not fit.
   * @returns undefined where the platform has no temporary files
   */
  #openTemporary(filePointer: number, flags: number, outFlagsPointer: number): number | undefined {
    const mount = { writes: new WriteCoalescing(), main: undefined, hasLog: false };
    const failures = this.#temporaryFailures;
    this.#view().setUint32(filePointer, 0, true);
    let file: StorageFile | undefined;
    const resultCode = this.#guard(failures, ResultCode.CANTOPEN, () => {
      file = openTemporaryFile();
      return ResultCode.OK;
    });
    if (!file) return resultCode === ResultCode.OK ? undefined : resultCode;
    const opened = mount.writes.over(file);
    this.#openFiles.set(filePointer, { mount, failures, file: opened, role: 'temporary' });
    this.#setOpened(opened, filePointer, flags, outFlagsPointer);
    return ResultCode.OK;
  }

  /** Fills in what SQLite reads after a successful xOpen. */
  #setOpened(file: StorageFile, filePointer: number, flags: number, outFlagsPointer: number): void {
    const view = this.#view();
    view.setUint32(filePointer, this.#ioMethods, true);
    if (outFlagsPointer === 0) return;
    const access = file.readOnly ? OpenFlag.readOnly : OpenFlag.readWrite;
    view.setInt32(outFlagsPointer, (flags & ~(OpenFlag.readOnly | OpenFlag.readWrite)) | access, true);
  }
}

/** Lets the thread wait where the platform allows it: Emscripten's own sleep keeps a core busy. */
function sleepMs(durationMs: number): void {
  if (typeof SharedArrayBuffer === 'undefined') return;
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
  } catch {
    // A window's main thread may not wait. SQLite only sleeps between polls of a lock, so it just polls more often.
  }
}
