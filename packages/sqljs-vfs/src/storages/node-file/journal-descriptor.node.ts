import type { FileSystem } from './file-system.node.ts';

/** An open descriptor, and what the storage knows about its file. */
export interface Descriptor {
  readonly fd: number;
  /** See {@link FileSystem.inodeIdSync}. */
  readonly inodeId: string | undefined;
  readonly readOnly: boolean;
  /** True until the directory has been synced: only then is the name of a new file durable. */
  directorySyncDue: boolean;
}

/**
 * Keeps the journal's descriptor between transactions, because SQLite opens the journal again for each of them. That
 * saves opening the file and, more important, syncing its directory again. While the descriptor is open, no other file
 * can get its inode number. So a file with the journal's name and that number is the one whose name has been synced.
 * A journal that another process deleted or replaced is opened like any other file.
 */
export class JournalDescriptorCache {
  readonly #fs: FileSystem;
  readonly #path: string;
  #kept: Descriptor | undefined;

  constructor(fileSystem: FileSystem, journalPath: string) {
    this.#fs = fileSystem;
    this.#path = journalPath;
  }

  /** Hands the kept descriptor to the caller if the file still has its name. */
  take(): Descriptor | undefined {
    const kept = this.#kept;
    if (!kept) return undefined;
    if (this.#fs.inodeIdSync(this.#path) !== kept.inodeId) {
      this.close();
      return undefined;
    }
    this.#kept = undefined;
    return kept;
  }

  /** Keeps a descriptor that the caller no longer needs. One that cannot write is closed. */
  readonly keep = (descriptor: Descriptor): void => {
    this.close();
    if (descriptor.readOnly) this.#fs.closeSync(descriptor.fd);
    else this.#kept = descriptor;
  };

  close(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept) this.#fs.closeSync(kept.fd);
  }
}
