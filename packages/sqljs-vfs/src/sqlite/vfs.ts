/**
 * SQLite's virtual file system (https://www.sqlite.org/vfs.html), written in JavaScript: the methods that SQLite calls
 * with the name of a file, to open, delete or look for it, answered from a storage. The methods of an open file, xRead,
 * xWrite, xSync and the others, are in `file-methods.ts`, which also has the rules for all of them.
 *
 * Only files of mounted databases are answered here, and temporary files where the platform has them. Every other name
 * goes to the VFS that was there before, except files to attach, which are refused.
 */
import { openTemporaryFile } from '#sqlite/temporary-file';
import { VfsError } from '../errors.ts';
import { ResultCode } from '../result-codes.ts';
import type { FileRole, Storage, StorageFile } from '../contract/storage.ts';
import { addFunctions } from './function-pointers.ts';
import { FileMethods, type FileOwner, type OpenFile } from './file-methods.ts';
import { type Failures, type Guard, guardWith, reportStorageErrors } from './storage-errors.ts';
import { WriteCoalescing } from './write-coalescing.ts';
import type { SqlJs } from './load-sqljs.ts';
import { ACCESS_EXISTS, OpenFlag, VfsField, findDefaultVfs, readCString } from './sqlite3-structs.ts';

type OriginalVfsMethod = (vfs: number, ...rest: number[]) => number;

/** One database: the name sql.js gave it stands for the files of this storage. */
export interface Mount extends Failures, FileOwner {
  readonly storage: Storage;
  /** Encrypts the files of the database; undefined for a plain one. */
  readonly codec: FileCodec | undefined;
}

/** Shows files of a storage as SQLite knows them. */
export interface FileCodec {
  over(role: FileRole, file: StorageFile, name: string): StorageFile;
}

/** A mounted database's storage, and which of its files a name stands for. */
interface MountedName {
  readonly mount: Mount;
  readonly role: FileRole;
}

/** A storage that SQLite writes a copy to. */
export interface MountedTarget {
  readonly name: string;
  readonly failures: Readonly<Failures>;
  readonly release: () => void;
}

/** Numbers from here on are none of sql.js's own, which are below 2^32. */
const FIRST_TARGET_NUMBER = 2 ** 32;

const DATABASE_FILE = /^\/?(?<name>dbfile_\d+)(?:-(?<suffix>journal|wal))?$/;

/** Connects this realm's only sql.js to storages. It is created once and patches the default VFS. */
export class SqlJsVfs {
  readonly #sqlJs: SqlJs;
  readonly #mounts: Map<string, Mount> = new Map();
  /** Failures of temporary and attached files: SQLite does not say for which database it opens one. */
  readonly #temporaryFailures: Failures = { lastError: undefined };
  readonly #guard: Guard = guardWith(this.#temporaryFailures);
  readonly #files: FileMethods;
  /** Set while a database is being created: sql.js then makes up its name, which xOpen receives first. */
  #awaitingName: Mount | undefined;
  #targetCount = 0;

  /** @throws VfsError `UNSUPPORTED_SQLJS` */
  constructor(sqlJs: SqlJs) {
    this.#sqlJs = sqlJs;
    const vfs = findDefaultVfs(sqlJs);
    this.#files = new FileMethods(sqlJs, this.#guard);
    this.#patchVfs(vfs);
  }

  /**
   * Opens a database on a storage. The empty image makes sql.js create a placeholder file, which its `close()` expects.
   * @throws VfsError `CANNOT_OPEN` with the storage's error as cause
   */
  openDatabase(
    storage: Storage,
    codec: FileCodec | undefined,
  ): { database: InstanceType<SqlJs['module']['Database']>; mount: Mount } {
    const mount: Mount = {
      storage,
      codec,
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

  /**
   * Gives a storage a name that `VACUUM INTO` can write to.
   * @returns the name, what the storage threw last, and a function that forgets both
   */
  mountTarget(storage: Storage, codec: FileCodec): MountedTarget {
    const name = `dbfile_${FIRST_TARGET_NUMBER + this.#targetCount++}`;
    const mount = {
      storage,
      codec,
      writes: new WriteCoalescing(),
      main: undefined,
      hasLog: false,
      lastError: undefined,
    };
    this.#mounts.set(name, mount);
    return { name, failures: mount, release: () => this.release(name) };
  }

  /** Forgets a database that has been closed. */
  release(databaseName: string): void {
    this.#mounts.delete(databaseName);
  }

  #view(): DataView {
    return new DataView(this.#sqlJs.memory.buffer);
  }

  /** Finds the storage and role behind a file name; undefined for files of other databases and for a null pointer. */
  #lookUp(namePointer: number): MountedName | undefined {
    const groups = DATABASE_FILE.exec(readCString(this.#sqlJs.memory, namePointer))?.groups;
    const mount = groups?.['name'] === undefined ? undefined : this.#mounts.get(groups['name']);
    return mount && { mount, role: (groups?.['suffix'] as FileRole | undefined) ?? 'main' };
  }

  /** Replaces four methods of the default `sqlite3_vfs` (https://www.sqlite.org/c3ref/vfs.html). */
  #patchVfs(vfs: number): void {
    const before = this.#view();
    const originalOf = (field: number): OriginalVfsMethod =>
      this.#sqlJs.table.get(before.getUint32(vfs + field, true)) as OriginalVfsMethod;
    const originalOpen = originalOf(VfsField.xOpen);
    const originalDelete = originalOf(VfsField.xDelete);
    const originalAccess = originalOf(VfsField.xAccess);

    const xOpen = (self: number, name: number, file: number, flags: number, outFlags: number): number => {
      this.#catchName(name, flags);
      if (flags & OpenFlag.mainDatabase && this.#refuseAttachedFile(name)) return ResultCode.CANTOPEN;
      const found = this.#lookUp(name);
      if (found) return this.#xOpen(found, file, flags, outFlags);
      const temporary = name === 0 ? this.#openTemporary(file, flags, outFlags) : undefined;
      return temporary ?? originalOpen(self, name, file, flags, outFlags);
    };
    const xDelete = (self: number, name: number, syncDirectory: number): number => {
      const found = this.#lookUp(name);
      return found ? this.#xDelete(found, syncDirectory) : originalDelete(self, name, syncDirectory);
    };
    const xAccess = (self: number, name: number, flags: number, resultPointer: number): number => {
      const found = this.#lookUp(name);
      return found
        ? this.#xAccess(found, flags, resultPointer)
        : originalAccess(self, name, flags, resultPointer);
    };
    const xSleep = (_self: number, durationMicroseconds: number): number => {
      sleepMs(durationMicroseconds / 1000);
      return durationMicroseconds;
    };

    const fields = [VfsField.xOpen, VfsField.xDelete, VfsField.xAccess, VfsField.xSleep];
    const pointers = addFunctions(this.#sqlJs, [
      ['iiiiii', xOpen],
      ['iiii', xDelete],
      ['iiiii', xAccess],
      ['iii', xSleep],
    ]);
    const after = this.#view();
    for (const [index, field] of fields.entries())
      after.setUint32(vfs + field, pointers[index] as number, true);
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
   * Refuses a file that `ATTACH` or `VACUUM INTO` names. Emscripten would keep it in memory, where it is lost with the
   * process. A transaction over it and the database could be half lost in a crash as well.
   * @returns true when sql.js has not made up the name
   */
  #refuseAttachedFile(namePointer: number): boolean {
    if (namePointer === 0) return false;
    const name = readCString(this.#sqlJs.memory, namePointer);
    if (DATABASE_FILE.test(name)) return false;
    // SQLite does not say which database attaches it.
    this.#temporaryFailures.lastError = new Error(`${name} would be in memory and lost with the process`);
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
      const written = mount.writes.over(stored);
      const file = mount.codec?.over(role, written, mount.storage.name) ?? written;
      if (role === 'main') mount.main = file;
      if (role === 'wal') mount.hasLog = true;
      const deleteAfterClose = (): void => mount.storage.delete(role, { syncDirectory: false });
      const open: OpenFile = {
        owner: mount,
        failures: mount,
        file,
        role,
        ...(flags & OpenFlag.deleteOnClose && { deleteAfterClose }),
      };
      this.#files.add(open, filePointer, flags, outFlagsPointer);
      return ResultCode.OK;
    });
  }

  /**
   * Opens a file for what SQLite does not keep in memory: a VACUUM, a sort, the journal of a statement. In the default
   * VFS it would be in WebAssembly's memory, and a large database would not fit.
   * @returns undefined where the platform has no temporary files
   */
  #openTemporary(filePointer: number, flags: number, outFlagsPointer: number): number | undefined {
    const owner: FileOwner = { writes: new WriteCoalescing(), main: undefined, hasLog: false };
    const failures = this.#temporaryFailures;
    this.#view().setUint32(filePointer, 0, true);
    let file: StorageFile | undefined;
    const resultCode = this.#guard(failures, ResultCode.CANTOPEN, () => {
      file = openTemporaryFile();
      return ResultCode.OK;
    });
    if (!file) return resultCode === ResultCode.OK ? undefined : resultCode;
    const open: OpenFile = { owner, failures, file: owner.writes.over(file), role: 'temporary' };
    this.#files.add(open, filePointer, flags, outFlagsPointer);
    return ResultCode.OK;
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
