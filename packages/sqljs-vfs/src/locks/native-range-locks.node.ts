import { createRequire } from 'node:module';
import type { RangeLocks } from './byte-range-lock.ts';

interface NativeExtensions {
  tryLock(fd: number, offset: number, lengthBytes: number, options?: { shared?: boolean }): boolean;
  unlock(fd: number, offset: number, lengthBytes: number): void;
}

/** Platforms on which the package's locks are no use to the protocol, with the reason. */
const UNSUITABLE: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'fs-native-extensions locks whole files on macOS, which native SQLite does not see',
  win32: 'LockFileEx cannot turn a read lock into a write lock or back, and the protocol does both',
};

/**
 * Byte-range locks from the optional package `fs-native-extensions`: open-file-description locks on Linux.
 * @returns the provider, or the reason why there is none
 */
export function nativeRangeLocks(): RangeLocks | { readonly unavailable: unknown } {
  const unsuitable = UNSUITABLE[process.platform];
  if (unsuitable !== undefined) return { unavailable: new Error(unsuitable) };
  let native: NativeExtensions;
  try {
    native = createRequire(import.meta.url)('fs-native-extensions') as NativeExtensions;
  } catch (error) {
    return { unavailable: error };
  }
  return {
    name: 'fs-native-extensions (OFD)',
    tryShared: (fd, offset, lengthBytes) => native.tryLock(fd, offset, lengthBytes, { shared: true }),
    tryExclusive: (fd, offset, lengthBytes) => native.tryLock(fd, offset, lengthBytes),
    unlock: (fd, offset, lengthBytes) => native.unlock(fd, offset, lengthBytes),
  };
}
