/** Parts that `@ggen-sim/core` builds on. They may change with any version; other users have no need of them. */
export { checkKey, isWebCryptoKey } from './contract/encryption-key.ts';
export { leaveWalMode, markRollbackMode } from './database-header.ts';
export { mayBeEncrypted } from './encrypted-file.ts';
export { isStorageReset } from './errors.ts';
export { plainReason } from './plain-reason.ts';
export { pause, retry, type Wait } from './retry.ts';
export { forOtherLocks } from './retry-busy.ts';
