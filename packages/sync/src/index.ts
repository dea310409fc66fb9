export { chainAfter, START } from './contract/chain.ts';
export type {
  ChainPosition,
  PulledBatch,
  PullRequest,
  PushedBatch,
  PushedChange,
  PushedEntry,
  SyncTarget,
  TenantTarget,
} from './contract/sync-target.ts';
export { SyncError, type SyncErrorCode } from './errors.ts';
export {
  backgroundSync,
  removeTarget,
  type BackgroundSync,
  type BackgroundSyncOptions,
} from './engine/background-sync.ts';
export { checkTarget } from './engine/check-target.ts';
export { runSync, type RunSyncOptions } from './engine/run-sync.ts';
export type { LastError } from './engine/stored-state.ts';
export {
  assertSameTarget,
  renewOrigin,
  setTarget,
  syncStatus,
  targetOf,
  type SyncStatus,
} from './engine/sync-status.ts';
export { noteFailure, Synchroniser, type PullReport, type PushReport } from './engine/synchroniser.ts';
export {
  memoryConflicts,
  mergeMemory,
  type ConflictVersion,
  type MemoryConflict,
  type MemoryConflictOptions,
  type MemoryMerge,
} from './engine/memory-conflicts.ts';
export { encryptedTarget } from './targets/encrypted-target.ts';
export {
  checkLocation,
  checkStoredLocation,
  openTarget,
  type OpenTargetOptions,
} from './targets/open-target.ts';
