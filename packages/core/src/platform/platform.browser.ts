import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Sha256 } from './sha256-stream.ts';

/** SHA-256 over bytes that come in pieces. Web Crypto has no such thing. */
export function createSha256(): Sha256 {
  const hash = sha256.create();
  return {
    update: (bytes) => void hash.update(bytes),
    digestHex: () => bytesToHex(hash.digest()),
  };
}

/** SHA-256 of a text's UTF-8 bytes, 64 hex digits (FIPS 180-4). */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(new TextEncoder().encode(text)));
}

/** A channel is dear to make, so there is one for good; its messages come in the order they were sent. */
const turns = new MessageChannel();
const waitingForTheirTurn: (() => void)[] = [];
turns.port1.addEventListener('message', () => waitingForTheirTurn.shift()?.());
turns.port1.start();

/** Lets everybody who is ready run before going on. A timer would cost 4 ms a turn. */
export function yieldToCallers(): Promise<void> {
  return new Promise((resolve) => {
    waitingForTheirTurn.push(resolve);
    turns.port2.postMessage(undefined);
  });
}

export { openStorage } from './storages.browser.ts';
export { backupDirectoryAt, exportTargetAt, DEFAULT_BACKUP_DIRECTORY } from './export-targets.browser.ts';
export { connectWorker, holdWhileAlive, WORKER_BY_DEFAULT } from './worker-connection.browser.ts';
export { foreignChanges } from './foreign-changes.browser.ts';
export type { ForeignChanges } from '../changes/foreign-changes.ts';
