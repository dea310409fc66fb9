import path from 'node:path';
import type { SyncTarget } from '../contract/sync-target.ts';
import { SyncError } from '../errors.ts';

const POSTGRES = /^postgres(?:ql)?:\/\//;

/**
 * Checks a location, and makes a path absolute.
 * @param location - `postgres://…`, or the path of a file
 * @throws {SyncError} SYNC_TARGET_INVALID
 */
export function checkLocation(location: string): string {
  if (!POSTGRES.test(location)) {
    if (location === '' || /^\w{2,}:/.test(location)) {
      throw new SyncError('SYNC_TARGET_INVALID', `${JSON.stringify(location)} names no target`, {
        hint: 'Give postgres://USER@HOST/DATABASE, or the path of a file.',
      });
    }
    return path.resolve(location);
  }
  if (URL.canParse(location)) return location;
  throw new SyncError('SYNC_TARGET_INVALID', 'The location of the target is no URL', {
    hint: 'Give postgres://USER@HOST/DATABASE, with %-escapes where a name has other characters.',
  });
}

/**
 * Checks a location that is to be stored in a database, which may be copied or handed on.
 * @throws {SyncError} SYNC_TARGET_INVALID, also for a URL with a password
 */
export function checkStoredLocation(location: string): string {
  const checked = checkLocation(location);
  if (!POSTGRES.test(checked)) return checked;
  const { password, searchParams } = new URL(checked);
  if (password === '' && !searchParams.has('password')) return checked;
  throw new SyncError('SYNC_TARGET_INVALID', 'The URL of the target holds a password', {
    hint: 'Leave it out, and give it in the variable PGPASSWORD.',
  });
}

/** Options of {@link openTarget}. */
export interface OpenTargetOptions {
  /** False to refuse a file that is missing, for instance because its folder is not mounted. @default true */
  readonly create?: boolean;
}

/**
 * Makes the target of a location, which the first call opens, and opens again after it was lost. The client of PostgreSQL is
 * loaded when it is needed.
 * @throws {SyncError} SYNC_TARGET_INVALID
 */
export async function openTarget(
  location: string,
  { create = true }: OpenTargetOptions = {},
): Promise<SyncTarget> {
  const checked = checkLocation(location);
  if (POSTGRES.test(checked)) {
    const { postgresTarget } = await import('./postgres-target.ts');
    return postgresTarget(checked);
  }
  const { openFileTarget } = await import('./file-target.ts');
  return openFileTarget(checked, create);
}
