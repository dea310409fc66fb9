export { openDatabase, type OpenDatabaseOptions } from './open-database.ts';
export type { DurableDatabase } from './durable-database.ts';
export { memoryStorage, MemoryDisk } from './storages/memory/memory.ts';
export { VfsError, SqliteError, UncertainCommit, isBusy, type VfsErrorCode } from './errors.ts';
export { retryBusy, busyPauseMs, pause } from './retry-busy.ts';
export { markRollbackMode, parseHeader, readHeader, type DatabaseHeader } from './database-header.ts';
export { ResultCode } from './result-codes.ts';
export { LockLevel, type DatabaseLock } from './contract/database-lock.ts';
export { type RangeLocks } from './locks/byte-range-lock.ts';
export type {
  FileOpenMode,
  FileRole,
  Storage,
  StorageCapabilities,
  StorageFile,
} from './contract/storage.ts';
export { passThrough, type StorageTransactions } from './contract/storage-transactions.ts';
export type { SqlJsDatabase, SqlJsStatement } from './sqlite/load-sqljs.ts';
