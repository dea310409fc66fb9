export { crashFileStorage, type CrashCampaignOptions } from './file-crashes.node.ts';
export { FILE_CRASH_CONTROLS, FILE_CRASH_MODES, type CrashMode } from './crash-modes.ts';
export { SimulatedDisk, SimulatedProcess } from './simulated-disk.node.ts';
export type { DiskBehaviour } from './disk-history.ts';
export type { DiskDirectory, DiskFile, DiskNode, DiskOperation } from './disk-tree.ts';
export { observedFileSystem, refusingLocks } from './observed-file-system.node.ts';
export { DiskHistory, INTACT_DISK } from './disk-history.ts';
export { crashImage, type CrashImage } from './crash-images.ts';
export { emptyRoot } from './disk-tree.ts';
