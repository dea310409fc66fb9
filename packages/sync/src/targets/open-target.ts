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
  const url = URL.canParse(location) ? new URL(location) : undefined;
  // It is stored in the database, which may be copied or handed on.
  if (url === undefined || url.password !== '' || url.searchParams.has('password')) {
    const reason = url === undefined ? 'is no URL' : 'holds a password';
    throw new SyncError('SYNC_TARGET_INVALID', `The URL of the target ${reason}`, {
      hint: 'Leave the password to the variable PGPASSWORD.',
    });
  }
  return location;
}

/**
 * Opens the target of a location. The client of PostgreSQL is loaded when it is needed.
 * @throws {SyncError} SYNC_TARGET_INVALID, SYNC_UNREACHABLE
 */
export async function openTarget(location: string): Promise<SyncTarget> {
  const checked = checkLocation(location);
  if (POSTGRES.test(checked)) {
    const { postgresTarget } = await import('./postgres-target.ts');
    return postgresTarget(checked);
  }
  const { openFileTarget } = await import('./file-target.ts');
  return openFileTarget(checked);
}
