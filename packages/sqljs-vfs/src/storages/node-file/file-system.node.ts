import fs from 'node:fs';

/** What the file storage asks about a file. */
export interface FileStatus {
  readonly size: number;
  readonly mode: number;
  isFile(): boolean;
}

/**
 * The calls of `node:fs` that the file storage makes, and nothing else: whatever runs between SQLite and the disk
 * passes here, so that a simulated disk (tests/crash/file) can lose exactly what a real one may.
 * Failures are errors with the operating system's `code`.
 */
export interface FileSystem {
  openSync(path: string, flags: number | string, mode?: number): number;
  closeSync(fd: number): void;
  readSync(fd: number, target: Uint8Array, offset: number, length: number, position: number): number;
  writeSync(fd: number, source: Uint8Array, offset: number, length: number, position: number): number;
  ftruncateSync(fd: number, sizeBytes: number): void;
  /** Makes a file's content and size durable. */
  fdatasyncSync(fd: number): void;
  /** The same, and for a folder: the names in it. */
  fsyncSync(fd: number): void;
  fstatSync(fd: number): FileStatus;
  fchmodSync(fd: number, mode: number): void;
  unlinkSync(path: string): void;
  statSync(path: string, options: { readonly throwIfNoEntry: false }): FileStatus | undefined;
  lstatSync(
    path: string,
    options: { readonly throwIfNoEntry: false },
  ): { isSymbolicLink(): boolean } | undefined;
  readlinkSync(path: string): string;
  realpathSync(path: string): string;
  existsSync(path: string): boolean;
  mkdirSync(path: string, mode: number): void;
  chmodSync(path: string, mode: number): void;
  /**
   * What tells the file behind a descriptor or a name (links are not followed) from every other that exists at the same
   * time; undefined where there is none of that name.
   */
  identitySync(fileOrPath: number | string): string | undefined;
}

/** The operating system's. A file is told by device and inode number, which may exceed what a number holds. */
export const nodeFileSystem: FileSystem = {
  ...fs,
  identitySync(fileOrPath) {
    const status =
      typeof fileOrPath === 'number'
        ? fs.fstatSync(fileOrPath, { bigint: true })
        : fs.lstatSync(fileOrPath, { bigint: true, throwIfNoEntry: false });
    return status && `${status.dev}:${status.ino}`;
  },
};
