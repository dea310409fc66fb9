import { VfsError } from '../../errors.ts';
import type { FileSystem } from './file-system.node.ts';
import type { Descriptor } from './journal-descriptor.node.ts';

/**
 * The open databases and logs of a storage, each with the path that leads to it. When that path leads elsewhere, a
 * journal or log beside it would belong to another database, which SQLite would damage with it. SQLite calls this
 * SQLITE_FCNTL_HAS_MOVED and asks only before it opens a journal. While a file is open, no other file can get its inode
 * number.
 */
export class OpenFiles {
  readonly #fs: FileSystem;
  readonly #paths: Map<Descriptor, string> = new Map();

  constructor(fileSystem: FileSystem) {
    this.#fs = fileSystem;
  }

  add(descriptor: Descriptor, path: string): void {
    this.#paths.set(descriptor, path);
  }

  delete(descriptor: Descriptor): void {
    this.#paths.delete(descriptor);
  }

  /** Lists the descriptors of a path. */
  at(path: string): Descriptor[] {
    return [...this.#paths].flatMap(([descriptor, itsPath]) => (itsPath === path ? [descriptor] : []));
  }

  /** @throws VfsError `STORAGE_RESET` when a file was moved, removed or replaced since it was opened */
  assertInPlace(): void {
    for (const [{ inodeId }, path] of this.#paths) {
      if (this.#fs.inodeIdSync(path) === inodeId) continue;
      throw new VfsError('STORAGE_RESET', `${path} was moved, removed or replaced while it was open`, {
        hint: 'Move it back, or open the database again where it is now.',
      });
    }
  }
}
