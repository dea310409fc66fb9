export { openDatabase, type OpenDatabaseOptions } from './open-database.ts';
export { changeDatabaseKey, type ChangeKeyOptions } from './change-database-key.ts';
export type { CopyOptions, DurableDatabase, Encryption } from './durable-database.ts';
export { memoryStorage, MemoryDisk } from './storages/memory/memory.ts';
export {
  VfsError,
  SqliteError,
  TemporaryFileError,
  UncertainCommit,
  isBusy,
  type VfsErrorCode,
} from './errors.ts';
export { ResultCode } from './result-codes.ts';
export { retryBusy } from './retry-busy.ts';
export { LockLevel } from './contract/database-lock.ts';
export type { EncryptionKey, WebCryptoKey } from './contract/encryption-key.ts';
export type { RangeLocks } from './locks/byte-range-lock.ts';
export type {
  CheckpointStatus,
  FileOpenMode,
  FileRole,
  Storage,
  StorageCapabilities,
  StorageFile,
} from './contract/storage.ts';
export { Datatype, type RawBindValue, type RawRow } from './sqlite/raw-rows.ts';
export type { RawStatement, RawValue } from './sqlite/raw-statement.ts';
export type { StatementGuard } from './sqlite/statement-guard.ts';
export type { StorageTransactions } from './contract/storage-transactions.ts';
export type {
  BindParams,
  BindValue,
  QueryResult,
  RowObject,
  SqlJsAggregate,
  SqlJsDatabase,
  SqlJsStatement,
  SqlJsStatementIterator,
  SqlValue,
  UpdateHook,
} from './sqlite/sqljs-types.ts';
