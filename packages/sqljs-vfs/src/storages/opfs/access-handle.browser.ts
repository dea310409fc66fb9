import { retry, type Wait } from '../../retry.ts';
import { SqliteError } from '../../errors.ts';
import { ResultCode } from '../../result-codes.ts';

/**
 * Synchronous access to one file. Only dedicated workers have it
 * (https://fs.spec.whatwg.org/#api-filesystemsyncaccesshandle).
 */
export interface SyncAccessHandle {
  read(target: Uint8Array, options: { readonly at: number }): number;
  write(source: Uint8Array, options: { readonly at: number }): number;
  truncate(sizeBytes: number): void;
  flush(): void;
  getSize(): number;
  close(): void;
}

interface SyncAccessible {
  createSyncAccessHandle?(): Promise<SyncAccessHandle>;
}

/** The time that a browser may take to release the file of a worker that has ended. */
const HANDLE_TIMEOUT_MS = 2000;
const HANDLE_POLL_MS = 20;

/** True when this context has synchronous access to files. */
export function hasSyncAccess(): boolean {
  return (
    typeof FileSystemFileHandle !== 'undefined' &&
    typeof (FileSystemFileHandle.prototype as SyncAccessible).createSyncAccessHandle === 'function'
  );
}

/**
 * Opens a file exclusively. No other context should have it open, because only the holder of the database's lock opens
 * files. But the browser may take a moment to release the files of a worker that has ended.
 * @throws {SqliteError} SQLITE_BUSY (5) when the file is not released in time
 * @throws {DOMException} `NotFoundError` when the file is gone
 */
export async function openAccessHandle(file: FileSystemFileHandle): Promise<SyncAccessHandle> {
  const open = (file as SyncAccessible).createSyncAccessHandle?.bind(file);
  if (!open) throw new TypeError('synchronous access to files needs a dedicated worker');
  const release: Wait = {
    covers: isInUse,
    pauseMs: () => HANDLE_POLL_MS,
    maxFailures: Infinity,
    deadline: performance.now() + HANDLE_TIMEOUT_MS,
  };
  try {
    return await retry(async () => assertPresent(await open()), release);
  } catch (error) {
    if (isInUse(error)) throw new SqliteError(ResultCode.BUSY, 'another context has the file open', error);
    throw error;
  }
}

function isInUse(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'NoModificationAllowedError';
}

/** Refuses a removed file. Chromium's private windows open it all the same; its size is then an unsigned error code. */
function assertPresent(handle: SyncAccessHandle): SyncAccessHandle {
  try {
    if (Number.isSafeInteger(handle.getSize())) return handle;
  } catch (error) {
    closeAccessHandles([handle]);
    throw error;
  }
  closeAccessHandles([handle]);
  throw new DOMException('The file is gone', 'NotFoundError');
}

/** Closes handles. One that cannot be closed does not keep the others open. */
export function closeAccessHandles(handles: readonly SyncAccessHandle[]): void {
  // A handle that stays open keeps its file from every other context until this one ends, so try twice.
  for (const handle of handles) if (!tryClose(handle)) tryClose(handle);
}

function tryClose(handle: SyncAccessHandle): boolean {
  try {
    handle.close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Checks the number of bytes that a call reports. On a failure, Chromium's private windows return a negative error code
 * as an unsigned number, where other browsers throw.
 */
export function checkedCount(count: number, requestedBytes: number): number {
  if (count <= requestedBytes) return count;
  // base::File::FILE_ERROR_NO_SPACE
  const name = (count | 0) === -8 ? 'QuotaExceededError' : 'UnknownError';
  throw new DOMException(`The browser failed with code ${count | 0}`, name);
}
