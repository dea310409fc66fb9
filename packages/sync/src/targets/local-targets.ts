import type { NoteSigner } from '@ggen-sim/core';
import type { SyncTarget } from '../contract/sync-target.ts';
import type { SyncError } from '../errors.ts';

/** How a target in PostgreSQL hears of pushes. */
export interface SignOptions {
  /** Addresses of NATS servers; undefined for those of the environment, if it has any. */
  readonly nats: string | undefined;
  readonly onNatsChange: OnNatsChange | undefined;
}

/** Called when NATS cannot be used, with the reason, and with `null` when it can. */
export type OnNatsChange = (failure: SyncError | null) => void;

/** Targets that only a program in Node reaches. */
export interface LocalTargets {
  /** Makes the path of a file absolute. @throws {SyncError} SYNC_TARGET_INVALID in a page */
  absolutePath(path: string): string;
  /** @throws {SyncError} SYNC_TARGET_INVALID in a page */
  openPostgres(url: string, options: SignOptions, cosigner?: NoteSigner): Promise<SyncTarget>;
  /** @throws {SyncError} SYNC_TARGET_INVALID in a page */
  openFile(path: string, create: boolean, cosigner?: NoteSigner): Promise<SyncTarget>;
  /** Token of the environment; undefined for none, and in a page. */
  environmentToken(): string | undefined;
}
