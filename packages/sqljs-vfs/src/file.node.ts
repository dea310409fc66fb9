export { fileStorage, type FileStorageOptions } from './storages/node-file/node-file.node.ts';
export type { FileStatus, FileSystem } from './storages/node-file/file-system.node.ts';
export type { RangeLocks } from './locks/byte-range-lock.ts';
