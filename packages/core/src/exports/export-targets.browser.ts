import { PersistenceError } from '../api/errors.ts';
import type { BackupDirectory } from '../api/persistence.ts';
import type { ExportTarget } from './export-target.ts';

/** No default: a browser has no file system paths. */
export const DEFAULT_BACKUP_DIRECTORY: string | undefined = undefined;

/** @throws {PersistenceError} `INVALID_ARGUMENT` always: a browser has no file system paths */
export function backupDirectoryAt(path: string): BackupDirectory {
  throw noPaths('exportBackup', path);
}

/** @throws {PersistenceError} `INVALID_ARGUMENT` always: a browser has no file system paths */
export function exportTargetAt(operation: string, path: string): ExportTarget {
  throw noPaths(operation, path);
}

/** @throws {PersistenceError} `INVALID_ARGUMENT` always: a browser has no file system paths */
export function newExportTargetAt(operation: string, stem: string, extension: string): ExportTarget {
  throw noPaths(operation, stem + extension);
}

function noPaths(operation: string, path: string): PersistenceError {
  return new PersistenceError(
    'INVALID_ARGUMENT',
    `A browser cannot write to the path ${JSON.stringify(path)}`,
    {
      operation,
      hint: 'Pass a stream or a BackupDirectory.',
    },
  );
}
