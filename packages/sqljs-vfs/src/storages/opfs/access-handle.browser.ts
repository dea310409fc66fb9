import { pause } from '../../retry-busy.ts';
import { SqliteError } from '../../errors.ts';
import { ResultCode } from '../../result-codes.ts';

/** Synchronous access to one file, there in dedicated workers only (https://fs.spec.whatwg.org/#api-filesystemsyncaccesshandle). */
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

/** How long a file may stay with a worker that has ended before its browser takes it back. */
const HANDLE_PATIENCE_MS = 2000;
const HANDLE_PAUSE_MS = 20;

/** Whether this context has synchronous access to files at all. */
export function hasSyncAccess(): boolean {
  return (
    typeof FileSystemFileHandle !== 'undefined' &&
    typeof (FileSystemFileHandle.prototype as SyncAccessible).createSyncAccessHandle === 'function'
  );
}

/**
 * Opens a file for ourselves alone. Nobody else should have it, because only the holder of the database's lock opens
 * files; but the browser may take a moment to collect those of a worker that has ended.
 * @throws SqliteError SQLITE_BUSY (5) when the file does not come free
 * @throws DOMException `NotFoundError` when the file is gone
 */
export async function openAccessHandle(file: FileSystemFileHandle): Promise<SyncAccessHandle> {
  const open = (file as SyncAccessible).createSyncAccessHandle?.bind(file);
  if (!open) throw new TypeError('synchronous access to files needs a dedicated worker');
  for (const deadline = performance.now() + HANDLE_PATIENCE_MS; ; await pause(HANDLE_PAUSE_MS)) {
    try {
      return alive(await open());
    } catch (error) {
      if ((error as { name?: unknown } | null)?.name !== 'NoModificationAllowedError') throw error;
      if (performance.now() >= deadline) {
        throw new SqliteError(ResultCode.BUSY, 'another context has the file open', error);
      }
    }
  }
}

/** Chromium's private windows open a removed file all the same; its size is an error code then, read as unsigned. */
function alive(handle: SyncAccessHandle): SyncAccessHandle {
  try {
    if (Number.isSafeInteger(handle.getSize())) return handle;
  } catch (error) {
    closeAccessHandles([handle]);
    throw error;
  }
  closeAccessHandles([handle]);
  throw new DOMException('The file is gone', 'NotFoundError');
}

/** Gives files back. One that cannot be closed must not keep the others. */
export function closeAccessHandles(handles: readonly SyncAccessHandle[]): void {
  for (const handle of handles) if (!isClosed(handle)) isClosed(handle);
}

/** A handle that stays open keeps everybody from its file until this context ends. */
function isClosed(handle: SyncAccessHandle): boolean {
  try {
    handle.close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Checks how many bytes a call says it has moved. Chromium's private windows answer failures by a negative code, read as
 * unsigned, where others throw.
 */
export function checkedCount(count: number, askedBytes: number): number {
  if (count <= askedBytes) return count;
  // base::File::FILE_ERROR_NO_SPACE
  const name = (count | 0) === -8 ? 'QuotaExceededError' : 'UnknownError';
  throw new DOMException(`The browser failed with code ${count | 0}`, name);
}
