import fs from 'node:fs';

/** The facts about a file that the file storage reads. */
export interface FileStatus {
  readonly size: number;
  readonly mode: number;
  /** Time of the last change of the content, in milliseconds since 1970. */
  readonly mtimeMs: number;
  isFile(): boolean;
}

/**
 * The calls of `node:fs` that the file storage makes, and no others. Every byte between SQLite and the disk passes
 * through them, so that a simulated disk (tests/crash/file) can lose exactly what a real disk may lose.
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
  /** Makes a file's content and all its metadata durable; for a directory, the names in it. */
  fsyncSync(fd: number): void;
  fstatSync(fd: number): FileStatus;
  /** Sets the times of the last access and of the last change, in seconds since 1970. */
  futimesSync(fd: number, atimeSeconds: number, mtimeSeconds: number): void;
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
  /** Removes an empty directory. */
  rmdirSync(path: string): void;
  chmodSync(path: string, mode: number): void;
  /**
   * Identifies the file behind a descriptor or a name (links are not followed) among all files that exist now.
   * @returns undefined when no file has that name
   */
  inodeIdSync(fileOrPath: number | string): string | undefined;
}

/**
 * The operating system's file system. Device and inode numbers may exceed 2^53, so they are read as bigints. On Windows,
 * several versions of Node tell another number of the device for a name than for a descriptor
 * (https://github.com/libuv/libuv/pull/4698), so the number of the file has to do there.
 */
export const nodeFileSystem: FileSystem = {
  ...fs,
  inodeIdSync(fileOrPath) {
    const status =
      typeof fileOrPath === 'number'
        ? fs.fstatSync(fileOrPath, { bigint: true })
        : fs.lstatSync(fileOrPath, { bigint: true, throwIfNoEntry: false });
    if (process.platform === 'win32') return status && `${status.ino}`;
    return status && `${status.dev}:${status.ino}`;
  },
};
