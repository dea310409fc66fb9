import type { FileRole, Storage, StorageFile } from './contract/storage.ts';
import { systemError } from './contract/system-error.ts';
import { wrapFile } from './contract/wrap-storage.ts';
import { openTemporaryFile } from './sqlite/temporary-file.node.ts';

/**
 * Makes a storage for one database of this process whose files have no names (see {@link openTemporaryFile}). They
 * exist until the storage is closed.
 * @param directory - where the operating system keeps the bytes
 * @throws the system's error when the directory cannot be written
 */
export function temporaryStorage(directory: string): Storage {
  const files = new Map<FileRole, StorageFile>([['main', openTemporaryFile(directory)]]);
  return {
    capabilities: {
      kind: 'temporary file',
      persistent: false,
      multiProcess: false,
      syncSurvives: 'nothing',
      atomicCommit: false,
      lockProvider: 'none',
    },
    name: directory,
    open(role, mode) {
      let file = files.get(role);
      if (!file) {
        if (!mode.create) throw missing(role);
        files.set(role, (file = openTemporaryFile(directory)));
      }
      return wrapFile(file, { close: () => undefined });
    },
    delete(role) {
      const file = files.get(role);
      if (!file) throw missing(role);
      files.delete(role);
      file.close();
    },
    exists: (role) => (files.get(role)?.sizeBytes() ?? 0) > 0,
    close() {
      for (const file of files.values()) file.close();
      files.clear();
    },
  };
}

function missing(role: FileRole): Error {
  return systemError('ENOENT', `no ${role} file`);
}
