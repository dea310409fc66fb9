import { createRequire } from 'node:module';
import type { RangeLocks } from './byte-range-lock.ts';

/** The package's native half; `tryLock` throws `EAGAIN` where somebody else holds the range. */
interface Binding {
  tryLock(fd: number, offset: number, lengthBytes: number, exclusive: boolean): void;
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
  let binding: Binding;
  try {
    binding = loadBinding();
  } catch (error) {
    return { unavailable: error };
  }
  const tryLock = (fd: number, offset: number, lengthBytes: number, exclusive: boolean): boolean => {
    try {
      binding.tryLock(fd, offset, lengthBytes, exclusive);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      throw error;
    }
  };
  return {
    name: 'fs-native-extensions (OFD)',
    tryShared: (fd, offset, lengthBytes) => tryLock(fd, offset, lengthBytes, false),
    tryExclusive: (fd, offset, lengthBytes) => tryLock(fd, offset, lengthBytes, true),
    unlock: (fd, offset, lengthBytes) => binding.unlock(fd, offset, lengthBytes),
  };
}

/**
 * The package looks for its prebuilt file with a resolver of fifteen modules, which takes 10 ms of every process. Where
 * the file is not where it is shipped, the package may know better.
 */
function loadBinding(): Binding {
  const require = createRequire(import.meta.url);
  const host = `${process.platform}-${process.arch}`;
  try {
    return require(`fs-native-extensions/prebuilds/${host}/fs-native-extensions.node`) as Binding;
  } catch {
    return require('fs-native-extensions/binding') as Binding;
  }
}
