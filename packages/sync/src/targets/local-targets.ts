import type { SyncTarget } from '../contract/sync-target.ts';

/** Targets that only a program in Node reaches. */
export interface LocalTargets {
  /** Makes the path of a file absolute. @throws {SyncError} SYNC_TARGET_INVALID in a page */
  absolutePath(path: string): string;
  /** @throws {SyncError} SYNC_TARGET_INVALID in a page */
  openPostgres(url: string): Promise<SyncTarget>;
  /** @throws {SyncError} SYNC_TARGET_INVALID in a page */
  openFile(path: string, create: boolean): Promise<SyncTarget>;
  /** Token of the environment; undefined for none, and in a page. */
  environmentToken(): string | undefined;
}
