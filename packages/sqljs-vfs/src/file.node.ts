export { fileStorage, type FileStorageOptions } from './storages/node-file.node.ts';
export { createPrivateDirectory, followSymlinks, syncDirectory } from './storages/node-paths.node.ts';
export { nativeRangeLocks } from './locks/native-range-locks.node.ts';
