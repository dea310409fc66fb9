import { PersistenceError } from '../api/errors.ts';
import type { BackupDirectory } from '../api/persistence.ts';
import type { ExportTarget } from './export-target.ts';

/** A page has no folder of its own to fall back to. */
export const DEFAULT_BACKUP_DIRECTORY: string | undefined = undefined;

/** Paths mean nothing in a page. */
export function backupDirectoryAt(path: string): BackupDirectory {
  throw noPaths('exportBackup', path);
}

/** Paths mean nothing in a page. */
export function exportTargetAt(path: string): ExportTarget {
  throw noPaths('exportAuditTrail', path);
}

function noPaths(operation: string, path: string): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', `A page cannot write to the path ${JSON.stringify(path)}`, {
    operation,
    hint: 'Pass a stream or a BackupDirectory.',
  });
}
