import { createRequire } from 'node:module';
import type { RangeLocks } from './byte-range-lock.ts';
import { moduleLocation } from './module-location.node.ts';

/** The package's native functions; `tryLock` throws `EAGAIN` when another open file holds the range. */
interface NativeLocks {
  tryLock(fd: number, offset: number, lengthBytes: number, exclusive: boolean): void;
  unlock(fd: number, offset: number, lengthBytes: number): void;
}

/** What the locks of the package are on each system. On macOS it locks whole files, which native SQLite does not see. */
const KINDS: Partial<Record<NodeJS.Platform, string>> = { linux: 'OFD', win32: 'LockFileEx' };

/**
 * Byte-range locks from the optional package `fs-native-extensions`: open-file-description locks on Linux. Those of
 * Windows are `LockFileEx` and need {@link windowsRangeLocks} around them.
 * @throws the loader's error when the package is missing
 */
export function addonRangeLocks(): RangeLocks {
  const native = loadNativeLocks();
  const tryLock = (fd: number, offset: number, lengthBytes: number, exclusive: boolean): boolean => {
    try {
      native.tryLock(fd, offset, lengthBytes, exclusive);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      throw error;
    }
  };
  return {
    name: `fs-native-extensions (${KINDS[process.platform] ?? process.platform})`,
    tryShared: (fd, offset, lengthBytes) => tryLock(fd, offset, lengthBytes, false),
    tryExclusive: (fd, offset, lengthBytes) => tryLock(fd, offset, lengthBytes, true),
    unlock: (fd, offset, lengthBytes) => native.unlock(fd, offset, lengthBytes),
  };
}

/**
 * Loads the prebuilt file directly: the package's own resolver consists of fifteen modules and takes 10 ms in every
 * process. When the file is not at its usual path, the package's resolver is used after all.
 */
function loadNativeLocks(): NativeLocks {
  const require = createRequire(moduleLocation());
  const host = `${process.platform}-${process.arch}`;
  try {
    return require(`fs-native-extensions/prebuilds/${host}/fs-native-extensions.node`) as NativeLocks;
  } catch {
    return require('fs-native-extensions/binding') as NativeLocks;
  }
}
