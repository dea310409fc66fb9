/**
 * SQLite's file calls, answered from a storage.
 *
 * 1. A callback never throws into WebAssembly: it keeps the JavaScript error for whoever reports the failure and
 *    returns the result code of that call.
 * 2. WebAssembly memory moves when it grows: every callback derives its view anew.
 * 3. Only files of a bound database are ours. Every other name (temporary files, `ATTACH`) goes to the VFS that was
 *    there before.
 */
import { VfsError } from '../errors.ts';
import { Result } from '../result-codes.ts';
import type { FileRole, Storage, StorageFile } from '../contract/storage.ts';
import type { LockLevel } from '../contract/database-lock.ts';
import { CoalescedWrites } from './write-coalescing.ts';
import type { SqlJs } from './load-sqljs.ts';
import {
  ACCESS_EXISTS,
  FILE_CONTROL_COMMITTED,
  IO_METHODS_SIZE_BYTES,
  IO_METHODS_VERSION,
  IOCAP_POWERSAFE_OVERWRITE,
  OpenFlag,
  SECTOR_SIZE_BYTES,
  VfsField,
  findDefaultVfs,
  readCString,
} from './sqlite3-structs.ts';

type OriginalVfsCall = (vfs: number, ...rest: number[]) => number;

/** A database name inside sql.js, bound to the storage that holds its files. */
export interface Binding {
  readonly storage: Storage;
  /** What SQLite has written and the storage has not been given yet. */
  readonly writes: CoalescedWrites;
  /** The open database file; undefined once SQLite has closed it. */
  main: StorageFile | undefined;
  /** What the last failed file call threw. */
  lastError: unknown;
}

interface OpenFile {
  readonly binding: Binding;
  readonly file: StorageFile;
  readonly role: FileRole;
  readonly deleteOnClose: boolean;
}

/** What keeps a transaction over several files together; see `#refuseSuperJournal`. */
const SUPER_JOURNAL = /^\/?(?<name>dbfile_\d+)-mj[0-9A-F]+$/;
const DATABASE_FILE = /^\/?(?<name>dbfile_\d+)(?:-(?<suffix>journal|wal))?$/;

/** Errors that mean "no room left", wherever they come from: POSIX codes and the browser's exception name. */
function meansFull(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' || name === 'QuotaExceededError';
}

/** Connects the one sql.js of this realm to storages. Made once; it patches the default VFS. */
export class FileBridge {
  readonly #sqlJs: SqlJs;
  readonly #bindings: Map<string, Binding> = new Map();
  readonly #openFiles: Map<number, OpenFile> = new Map();
  readonly #ioMethods: number;
  /** Set while a database is being created, to catch the name sql.js makes up for it. */
  #awaitingName: Binding | undefined;

  /** @throws VfsError `UNSUPPORTED_SQLJS` */
  constructor(sqlJs: SqlJs) {
    this.#sqlJs = sqlJs;
    const vfs = findDefaultVfs(sqlJs);
    this.#ioMethods = this.#installFileMethods();
    this.#patchVfs(vfs);
  }

  /**
   * Opens a database on a storage. The empty image makes sql.js create a placeholder file, which its own `close()`
   * expects to find.
   */
  openDatabase(storage: Storage): { database: InstanceType<SqlJs['module']['Database']>; binding: Binding } {
    const binding: Binding = {
      storage,
      writes: new CoalescedWrites(),
      main: undefined,
      lastError: undefined,
    };
    this.#awaitingName = binding;
    try {
      return { database: new this.#sqlJs.module.Database(new Uint8Array(0)), binding };
    } catch (error) {
      for (const [name, bound] of this.#bindings) if (bound === binding) this.#bindings.delete(name);
      throw new VfsError('CANNOT_OPEN', `cannot open ${storage.name}`, { cause: binding.lastError ?? error });
    } finally {
      this.#awaitingName = undefined;
    }
  }

  /** Forgets a database that has been closed. */
  release(databaseName: string): void {
    this.#bindings.delete(databaseName);
  }

  #view(): DataView {
    return new DataView(this.#sqlJs.memory.buffer);
  }

  #bytes(pointer: number, sizeBytes: number): Uint8Array {
    return new Uint8Array(this.#sqlJs.memory.buffer, pointer, sizeBytes);
  }

  /** A file of ours by its name in SQLite, or undefined. */
  #lookUp(namePointer: number): { binding: Binding; role: FileRole; databaseName: string } | undefined {
    const groups = DATABASE_FILE.exec(readCString(this.#sqlJs.memory, namePointer))?.groups;
    const databaseName = groups?.['name'];
    const binding = databaseName === undefined ? undefined : this.#bindings.get(databaseName);
    if (!binding || databaseName === undefined) return undefined;
    return { binding, role: (groups?.['suffix'] as FileRole | undefined) ?? 'main', databaseName };
  }

  #guard(binding: Binding, failure: number, call: () => number): number {
    try {
      return call();
    } catch (error) {
      binding.lastError = error;
      return meansFull(error) ? Result.full : failure;
    }
  }

  /** Registers a method of `sqlite3_io_methods`. */
  #method(signature: string, failure: number, call: (open: OpenFile, ...args: never[]) => number): number {
    return this.#sqlJs.module.addFunction((filePointer: number, ...args: never[]) => {
      const open = this.#openFiles.get(filePointer);
      if (!open) return failure;
      return this.#guard(open.binding, failure, () => call(open, ...args));
    }, signature);
  }

  #installFileMethods(): number {
    const pointers = [
      this.#sqlJs.module.addFunction((filePointer: number) => this.#close(filePointer), 'ii'),
      this.#method('iiiij', Result.ioErrorRead, ({ file }, pointer: number, size: number, offset: bigint) => {
        const target = this.#bytes(pointer, size);
        const done = file.read(target, Number(offset));
        if (done === size) return Result.ok;
        target.fill(0, done);
        return Result.ioErrorShortRead;
      }),
      this.#method(
        'iiiij',
        Result.ioErrorWrite,
        ({ file }, pointer: number, size: number, offset: bigint) => {
          file.write(this.#bytes(pointer, size), Number(offset));
          return Result.ok;
        },
      ),
      this.#method('iij', Result.ioErrorTruncate, ({ file }, size: bigint) => {
        file.truncate(Number(size));
        return Result.ok;
      }),
      this.#method('iii', Result.ioErrorFsync, ({ file }) => {
        file.sync();
        return Result.ok;
      }),
      this.#method('iii', Result.ioErrorFstat, ({ file }, sizePointer: number) => {
        this.#view().setBigInt64(sizePointer, BigInt(file.sizeBytes()), true);
        return Result.ok;
      }),
      this.#method('iii', Result.ioErrorLock, ({ file }, level: LockLevel) =>
        file.lock(level) ? Result.ok : Result.busy,
      ),
      this.#method('iii', Result.ioErrorUnlock, (open, level: LockLevel) => this.#unlock(open, level)),
      this.#method('iii', Result.ioErrorReadLock, ({ file }, answerPointer: number) => {
        this.#view().setInt32(answerPointer, file.reserved() ? 1 : 0, true);
        return Result.ok;
      }),
      this.#method('iiii', Result.ioErrorWrite, ({ binding }, operation: number) => {
        // Without a sync (PRAGMA synchronous) this is all that SQLite says at the end of a commit.
        if (operation === FILE_CONTROL_COMMITTED) binding.writes.flush();
        return Result.notFound;
      }),
      this.#method('ii', SECTOR_SIZE_BYTES, () => SECTOR_SIZE_BYTES),
      this.#method('ii', IOCAP_POWERSAFE_OVERWRITE, () => IOCAP_POWERSAFE_OVERWRITE),
    ];
    const struct = this.#sqlJs.module._malloc(IO_METHODS_SIZE_BYTES);
    const view = this.#view();
    view.setInt32(struct, IO_METHODS_VERSION, true);
    for (const [index, pointer] of pointers.entries()) view.setUint32(struct + 4 + 4 * index, pointer, true);
    return struct;
  }

  /**
   * SQLite gives locks up after the commit, and would report a commit that stands as failed if that failed. A lock that
   * is not given back keeps others out a little longer, which is safe; the next unlocking or the closing ends it.
   */
  #unlock({ file, binding }: OpenFile, level: LockLevel): number {
    try {
      binding.writes.end();
    } finally {
      try {
        file.unlock(level);
      } catch (error) {
        binding.lastError = error;
      }
    }
    return Result.ok;
  }

  #close(filePointer: number): number {
    const open = this.#openFiles.get(filePointer);
    if (!open) return Result.ok;
    this.#openFiles.delete(filePointer);
    if (open.role === 'main') open.binding.main = undefined;
    return this.#guard(open.binding, Result.ioErrorClose, () => {
      open.file.close();
      if (open.deleteOnClose) open.binding.storage.delete(open.role, { syncDirectory: false });
      return Result.ok;
    });
  }

  #patchVfs(vfs: number): void {
    const before = this.#view();
    const original = (field: number): OriginalVfsCall =>
      this.#sqlJs.table.get(before.getUint32(vfs + field, true)) as OriginalVfsCall;
    const originalOpen = original(VfsField.xOpen);
    const originalDelete = original(VfsField.xDelete);
    const originalAccess = original(VfsField.xAccess);
    const { module } = this.#sqlJs;

    const xOpen = module.addFunction(
      (self: number, name: number, file: number, flags: number, outFlags: number) => {
        if (this.#awaitingName && name !== 0 && flags & OpenFlag.mainDatabase) {
          const databaseName = readCString(this.#sqlJs.memory, name).replace(/^\//, '');
          this.#bindings.set(databaseName, this.#awaitingName);
          this.#awaitingName = undefined;
        }
        if (flags & OpenFlag.superJournal && this.#refuseSuperJournal(name)) return Result.cannotOpen;
        const found = name === 0 ? undefined : this.#lookUp(name);
        return found
          ? this.#open(found, file, flags, outFlags)
          : originalOpen(self, name, file, flags, outFlags);
      },
      'iiiiii',
    );

    const xDelete = module.addFunction((self: number, name: number, syncDirectory: number) => {
      const found = this.#lookUp(name);
      if (!found) return originalDelete(self, name, syncDirectory);
      return this.#guard(found.binding, Result.ioErrorDelete, () => {
        found.binding.writes.flush();
        try {
          found.binding.storage.delete(found.role, { syncDirectory: syncDirectory !== 0 });
          return Result.ok;
        } catch (error) {
          if ((error as { code?: unknown }).code === 'ENOENT') return Result.ioErrorDeleteMissing;
          throw error;
        }
      });
    }, 'iiii');

    const xAccess = module.addFunction(
      (self: number, name: number, question: number, answerPointer: number) => {
        const found = this.#lookUp(name);
        if (!found) return originalAccess(self, name, question, answerPointer);
        return this.#guard(found.binding, Result.ioErrorAccess, () => {
          found.binding.writes.flush();
          const yes = question === ACCESS_EXISTS ? found.binding.storage.exists(found.role) : true;
          this.#view().setInt32(answerPointer, yes ? 1 : 0, true);
          return Result.ok;
        });
      },
      'iiiii',
    );

    const xSleep = module.addFunction((_self: number, microseconds: number) => {
      sleepMs(microseconds / 1000);
      return microseconds;
    }, 'iii');

    const after = this.#view();
    after.setUint32(vfs + VfsField.xOpen, xOpen, true);
    after.setUint32(vfs + VfsField.xDelete, xDelete, true);
    after.setUint32(vfs + VfsField.xAccess, xAccess, true);
    after.setUint32(vfs + VfsField.xSleep, xSleep, true);
  }

  /**
   * A transaction over a bound database and an attached file would be kept together by a third file, which is in
   * memory here and gone after a crash: SQLite would then take the half-done commit for a finished one.
   * @returns whether the file belongs to a database of ours
   */
  #refuseSuperJournal(namePointer: number): boolean {
    const name = SUPER_JOURNAL.exec(readCString(this.#sqlJs.memory, namePointer))?.groups?.['name'];
    const binding = name === undefined ? undefined : this.#bindings.get(name);
    if (!binding) return false;
    binding.lastError = new Error('one transaction cannot write both the database and an attached file');
    return true;
  }

  #open(
    found: { binding: Binding; role: FileRole },
    filePointer: number,
    flags: number,
    outFlags: number,
  ): number {
    const { binding, role } = found;
    // SQLite calls xClose only if pMethods is set, so a failed open must leave it null.
    this.#view().setUint32(filePointer, 0, true);
    return this.#guard(binding, Result.cannotOpen, () => {
      const stored = binding.storage.open(role, {
        create: (flags & OpenFlag.create) !== 0,
        exclusive: (flags & OpenFlag.exclusive) !== 0,
        readOnly: (flags & OpenFlag.readOnly) !== 0,
      });
      const file = binding.writes.over(stored);
      if (role === 'main') binding.main = file;
      this.#openFiles.set(filePointer, {
        binding,
        file,
        role,
        deleteOnClose: (flags & OpenFlag.deleteOnClose) !== 0,
      });
      const view = this.#view();
      view.setUint32(filePointer, this.#ioMethods, true);
      if (outFlags !== 0) {
        const access = file.readOnly ? OpenFlag.readOnly : OpenFlag.readWrite;
        view.setInt32(outFlags, (flags & ~(OpenFlag.readOnly | OpenFlag.readWrite)) | access, true);
      }
      return Result.ok;
    });
  }
}

/** Emscripten's own sleep spins a core; where the platform lets a thread wait, wait. */
function sleepMs(durationMs: number): void {
  if (typeof SharedArrayBuffer === 'undefined') return;
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
  } catch {
    // A page's main thread may not wait. SQLite only sleeps between polls, so returning early is merely eager.
  }
}
