/** Durable paths and temporary files for `@ggen-sim/core`, in Node. They may change with any version; other users have no need of them. */
export {
  createPrivateDirectory,
  followSymlinks,
  syncDirectory,
} from './storages/node-file/durable-paths.node.ts';
export { temporaryStorage } from './temporary-storage.node.ts';
