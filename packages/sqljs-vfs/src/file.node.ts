export { fileStorage, type FileStorageOptions } from './storages/node-file.node.ts';
export type { FileStatus, FileSystem } from './storages/file-system.node.ts';
export { createPrivateDirectory, followSymlinks, syncDirectory } from './storages/node-paths.node.ts';
export { nativeRangeLocks } from './locks/native-range-locks.node.ts';
