import type { FileSystem } from './file-system.node.ts';

/** An open descriptor, and what the storage knows about its file. */
export interface Descriptor {
  readonly fd: number;
  /** See {@link FileSystem.inodeIdSync}. */
  readonly inodeId: string | undefined;
  readonly readOnly: boolean;
  /** True until the directory has been synced: only then is the name of a new file durable. */
  directorySyncDue: boolean;
  /**
   * True until the changes of another process are durable. A process that is killed after it emptied the journal, and
   * before its sync, leaves the old journal on the disk. Records written over it would make it a mixture after a loss
   * of power, and rolling that back would damage the database.
   */
  contentSyncDue: boolean;
}

/** Seconds since 1970 of the earliest and the latest time that marks a kept journal. All of them are in the past. */
const MARK_SECONDS = { earliest: 1_000_000_000, latest: 1_600_000_000 } as const;

/**
 * Keeps the journal's descriptor between transactions, because SQLite opens the journal again for each of them. That
 * saves opening the file and, more important, syncing its directory again. While the descriptor is open, no other file
 * can get its inode number. So a file with the journal's name and that number is the one whose name has been synced.
 * A journal that another process deleted or replaced is opened like any other file.
 *
 * Another process may have used the journal in the meantime. So a kept journal gets a random modification time, which the
 * next change by anyone replaces. Comparing times of the clock would miss a change within the clock's resolution.
 */
export class JournalDescriptorCache {
  readonly #fs: FileSystem;
  readonly #path: string;
  #kept: Descriptor | undefined;
  /** Modification time of the kept journal, in milliseconds; undefined when it could not be set. */
  #markMs: number | undefined;

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
    if (this.#fs.fstatSync(kept.fd).mtimeMs !== this.#markMs) kept.contentSyncDue = true;
    return kept;
  }

  /** Keeps a descriptor that the caller no longer needs. One that cannot write is closed. */
  readonly keep = (descriptor: Descriptor): void => {
    this.close();
    if (descriptor.readOnly) {
      this.#fs.closeSync(descriptor.fd);
      return;
    }
    this.#kept = descriptor;
    this.#markMs = this.#mark(descriptor.fd);
  };

  close(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept) this.#fs.closeSync(kept.fd);
  }

  /** Sets a random modification time. Returns it as the file system stored it, or undefined if it refused. */
  #mark(fd: number): number | undefined {
    const { earliest, latest } = MARK_SECONDS;
    const seconds = earliest + Math.floor(Math.random() * (latest - earliest));
    try {
      this.#fs.futimesSync(fd, seconds, seconds);
      return this.#fs.fstatSync(fd).mtimeMs;
    } catch {
      // The file of another user: the next transaction syncs it first.
      return undefined;
    }
  }
}
