export { fileStorage, type FileStorageOptions } from './storages/node-file/node-file.node.ts';
export type { FileStatus, FileSystem } from './storages/node-file/file-system.node.ts';
export {
  createPrivateDirectory,
  followSymlinks,
  syncDirectory,
} from './storages/node-file/durable-paths.node.ts';
export { nativeRangeLocks } from './locks/native-byte-ranges.node.ts';
