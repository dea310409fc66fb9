import type { Sha256 } from './sha256-stream.ts';

/** SHA-256 over bytes that come in pieces. Node's crypto takes milliseconds to load, so who needs no hash never does. */
export function createSha256(): Sha256 {
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    digestHex: () => hash.digest('hex'),
  };
}

/** SHA-256 of a text's UTF-8 bytes, 64 hex digits (FIPS 180-4). */
export function sha256Hex(text: string): string {
  return process.getBuiltinModule('node:crypto').hash('sha256', text);
}

/** Lets everybody who is ready run before going on. */
export function yieldToCallers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export { openStorage } from './storages.node.ts';
export { backupDirectoryAt, exportTargetAt, DEFAULT_BACKUP_DIRECTORY } from './export-targets.node.ts';
export { connectWorker, holdWhileAlive, WORKER_BY_DEFAULT } from './worker-connection.node.ts';
export { foreignChanges } from './foreign-changes.node.ts';
export type { ForeignChanges } from '../changes/foreign-changes.ts';
