import type { RangeLocks } from '../../../packages/sqljs-vfs/src/locks/byte-range-lock.ts';
import type { FileSystem } from '../../../packages/sqljs-vfs/src/storages/node-file/file-system.node.ts';

/**
 * Makes a file system that passes every call to `observe` before it is made. An observer that throws makes the call
 * fail. A descriptor is closed even then, as in an operating system.
 */
export function observedFileSystem(
  fileSystem: FileSystem,
  observe: (call: keyof FileSystem) => void,
): FileSystem {
  const observed = Object.entries(fileSystem).map(([name, call]) => [
    name,
    (...args: unknown[]): unknown => {
      const make = (): unknown => (call as (...given: unknown[]) => unknown)(...args);
      try {
        observe(name as keyof FileSystem);
      } catch (error) {
        if (name === 'closeSync') make();
        throw error;
      }
      return make();
    },
  ]);
  return Object.fromEntries(observed) as FileSystem;
}

/** Makes locks that are refused when `refuse` returns true. */
export function refusingLocks(ranges: RangeLocks, refuse: () => boolean): RangeLocks {
  return {
    ...ranges,
    tryShared: (fd, offset, lengthBytes) => !refuse() && ranges.tryShared(fd, offset, lengthBytes),
    tryExclusive: (fd, offset, lengthBytes) => !refuse() && ranges.tryExclusive(fd, offset, lengthBytes),
  };
}
