import type { FileRole, Storage, StorageCapabilities, StorageFile } from './contract/storage.ts';
import { systemError } from './contract/system-error.ts';
import { wrapFile } from './contract/wrap-storage.ts';
import { openTemporaryFile, TemporaryFile } from './sqlite/temporary-file.node.ts';

const CAPABILITIES: StorageCapabilities = {
  kind: 'temporary file',
  persistent: false,
  multiProcess: false,
  syncSurvives: 'nothing',
  atomicCommit: false,
  lockProvider: 'none',
};

/** A storage whose files have no names. */
export interface TemporaryStorage extends Storage {
  /** Descriptor of the database file, by which other threads read it with {@link descriptorStorage}. */
  readonly descriptor: number;
}

/**
 * Makes a storage for one database of this process whose files have no names (see {@link openTemporaryFile}). They
 * exist until the storage is closed.
 * @param directory - where the operating system keeps the bytes
 * @throws the system's error when the directory cannot be written
 */
export function temporaryStorage(directory: string): TemporaryStorage {
  const main = openTemporaryFile(directory);
  const files = new Map<FileRole, StorageFile>([['main', main]]);
  return {
    capabilities: CAPABILITIES,
    name: directory,
    descriptor: main.descriptor,
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

/**
 * Makes a storage for reading a database through a descriptor that another thread of this process has opened and closes.
 * Nobody writes it meanwhile.
 */
export function descriptorStorage(descriptor: number): Storage {
  const main = wrapFile(new TemporaryFile(descriptor, true), { close: () => undefined });
  return {
    capabilities: CAPABILITIES,
    name: `descriptor ${descriptor}`,
    open(role) {
      if (role !== 'main') throw missing(role);
      return main;
    },
    delete(role) {
      throw missing(role);
    },
    exists: (role) => role === 'main',
  };
}

function missing(role: FileRole): Error {
  return systemError('ENOENT', `no ${role} file`);
}
