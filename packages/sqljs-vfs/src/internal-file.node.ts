/** Durable paths, temporary files and locks for `@ggen-sim/core`, in Node. They may change with any version; other users have no need of them. */
export {
  createPrivateDirectory,
  followSymlinks,
  removeEmptyDirectories,
  syncDirectory,
} from './storages/node-file/durable-paths.node.ts';
export { readOnlyFileStorage } from './storages/node-file/read-only-file.node.ts';
export { nativeRangeLocks } from './locks/native-byte-ranges.node.ts';
export { descriptorStorage, temporaryStorage, type TemporaryStorage } from './temporary-storage.node.ts';
