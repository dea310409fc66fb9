/**
 * The methods that SQLite calls on an open file (https://www.sqlite.org/c3ref/io_methods.html): bytes flow through here,
 * between SQLite's memory and the files of a storage. `vfs.ts` opens the files.
 *
 * 1. A method never throws into WebAssembly: it keeps the JavaScript error (see {@link Guard}) and returns the result code of
 *    that method.
 * 2. WebAssembly memory moves when it grows, so every method derives its view of it again.
 */
import { addFunctions, type TypedFunction } from './function-pointers.ts';
import type { LockLevel } from '../contract/database-lock.ts';
import type { FileRole, StorageFile } from '../contract/storage.ts';
import { ResultCode } from '../result-codes.ts';
import type { SqlJs } from './load-sqljs.ts';
import type { Failures, Guard } from './storage-errors.ts';
import type { WriteCoalescing } from './write-coalescing.ts';
import {
  FCNTL_COMMIT_PHASETWO,
  IO_METHODS_SIZE_BYTES,
  IO_METHODS_VERSION,
  IOCAP_POWERSAFE_OVERWRITE,
  OpenFlag,
  SECTOR_SIZE_BYTES,
} from './sqlite3-structs.ts';

/** What a file has in common with the other files of its database. */
export interface FileOwner {
  /** Bytes that SQLite has written and the storage has not received yet. */
  readonly writes: WriteCoalescing;
  /** The open database file; undefined once SQLite has closed it. */
  main: StorageFile | undefined;
  /** True while SQLite has a write-ahead log open, as only an exclusive owner does. */
  hasLog: boolean;
}

/** A file that SQLite has open. */
export interface OpenFile {
  /** A temporary file belongs to no database and has writes of its own. */
  readonly owner: FileOwner;
  readonly failures: Failures;
  readonly file: StorageFile;
  readonly role: FileRole | 'temporary';
  /** Deletes a file that was opened with SQLITE_OPEN_DELETEONCLOSE. */
  readonly deleteAfterClose?: () => void;
}

/** Every file that SQLite has open, by the address of its `sqlite3_file`, and their methods. */
export class FileMethods {
  readonly #sqlJs: SqlJs;
  readonly #guard: Guard;
  readonly #openFiles: Map<number, OpenFile> = new Map();
  readonly #ioMethods: number;

  constructor(sqlJs: SqlJs, guard: Guard) {
    this.#sqlJs = sqlJs;
    this.#guard = guard;
    this.#ioMethods = this.#installIoMethods();
  }

  /** Fills in what SQLite reads after a successful xOpen, and answers for the file from then on. */
  add(open: OpenFile, filePointer: number, flags: number, outFlagsPointer: number): void {
    this.#openFiles.set(filePointer, open);
    const view = this.#view();
    view.setUint32(filePointer, this.#ioMethods, true);
    if (outFlagsPointer === 0) return;
    const access = open.file.readOnly ? OpenFlag.readOnly : OpenFlag.readWrite;
    view.setInt32(outFlagsPointer, (flags & ~(OpenFlag.readOnly | OpenFlag.readWrite)) | access, true);
  }

  #view(): DataView {
    return new DataView(this.#sqlJs.memory.buffer);
  }

  #bytes(pointer: number, sizeBytes: number): Uint8Array {
    return new Uint8Array(this.#sqlJs.memory.buffer, pointer, sizeBytes);
  }

  /** Builds `sqlite3_io_methods` (https://www.sqlite.org/c3ref/io_methods.html). @returns its address */
  #installIoMethods(): number {
    // In the order of the struct's function pointers.
    const pointers = addFunctions(this.#sqlJs, [
      ['ii', (filePointer: number) => this.#xClose(filePointer)],
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
    ]);
    const struct = this.#sqlJs.module._malloc(IO_METHODS_SIZE_BYTES);
    const view = this.#view();
    view.setInt32(struct, IO_METHODS_VERSION, true);
    for (const [index, pointer] of pointers.entries()) view.setUint32(struct + 4 + 4 * index, pointer, true);
    return struct;
  }

  /**
   * Makes one method of `sqlite3_io_methods`.
   * @param failure - the result code when the call throws, or when the file is not open
   */
  #ioMethod(
    signature: string,
    failure: number,
    method: (open: OpenFile, ...parameters: never[]) => number,
  ): TypedFunction {
    const callback = (filePointer: number, ...parameters: never[]): number => {
      const open = this.#openFiles.get(filePointer);
      if (!open) return failure;
      return this.#guard(open.failures, failure, () => method(open, ...parameters));
    };
    return [signature, callback];
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
    { file, role, owner }: OpenFile,
    sourcePointer: number,
    sizeBytes: number,
    offset: bigint,
  ): number => {
    // An exclusive owner locks its database only once, so SQLite looks for it nowhere else.
    if (role === 'wal' && owner.writes.isEmpty) file.assertInPlace?.();
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
  readonly #xUnlock = ({ file, owner, failures }: OpenFile, level: LockLevel): number => {
    try {
      owner.writes.end();
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

  readonly #xFileControl = ({ owner }: OpenFile, operation: number): number => {
    // With `PRAGMA synchronous=OFF` this is the only call SQLite makes at the end of a commit.
    if (operation === FCNTL_COMMIT_PHASETWO) owner.writes.flush();
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
    if (open.role === 'main') open.owner.main = undefined;
    if (open.role === 'wal') open.owner.hasLog = false;
    return this.#guard(open.failures, ResultCode.IOERR_CLOSE, () => {
      open.file.close();
      open.deleteAfterClose?.();
      return ResultCode.OK;
    });
  }
}
