import type { EncryptionKey } from '../contract/encryption-key.ts';
import type { Storage } from '../contract/storage.ts';

/** The content of one database, empty at first, for one test. */
export interface StorageHarness {
  /** Makes a storage on this content. Every call makes another storage; they share the content. */
  storage(): Storage;
  /** The key that databases on this content are opened with. @default none */
  readonly key?: EncryptionKey;
  /** Removes the content. */
  remove?(): void | Promise<void>;
}
