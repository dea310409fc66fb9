import type { EncryptionKey } from './encryption-key.ts';
import type { Storage, StorageFile } from './storage.ts';

/** Makes a file that behaves like another one, except for the methods given. */
export function wrapFile(file: StorageFile, overrides: Partial<StorageFile>): StorageFile {
  return {
    readOnly: file.readOnly,
    read: (target, offset) => file.read(target, offset),
    write: (source, offset) => file.write(source, offset),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: () => file.sync(),
    sizeBytes: () => file.sizeBytes(),
    lock: (level) => file.lock(level),
    unlock: (level) => file.unlock(level),
    reserved: () => file.reserved(),
    assertInPlace: () => file.assertInPlace?.(),
    close: () => file.close(),
    ...overrides,
  };
}

/** Makes a storage that behaves like another one, except for the members given. */
export function wrapStorage(storage: Storage, overrides: Partial<Storage>): Storage {
  return {
    capabilities: storage.capabilities,
    name: storage.name,
    ...(storage.transactions && { transactions: storage.transactions }),
    ...(storage.useKey && { useKey: (key: EncryptionKey) => storage.useKey?.(key) }),
    open: (role, mode) => storage.open(role, mode),
    delete: (role, options) => storage.delete(role, options),
    exists: (role) => storage.exists(role),
    restrictPermissions: () => storage.restrictPermissions?.(),
    close: () => storage.close?.(),
    ...overrides,
  };
}
