import path from 'node:path';
import { systemError } from '../../contract/system-error.ts';
import { type FileSystem, nodeFileSystem } from './file-system.node.ts';

/** Linux's limit on consecutive links (ELOOP). */
const MAX_SYMLINKS = 40;

/**
 * Resolves every symlink of a path whose file may not exist yet. The last link is followed even when its target is
 * missing.
 * @throws an error with code `ELOOP` after 40 consecutive links
 */
export function followSymlinks(filePath: string, fs: FileSystem = nodeFileSystem): string {
  let current = path.resolve(filePath);
  for (let followed = 0; followed < MAX_SYMLINKS; followed++) {
    // A link's target is relative to the real directory of the link.
    const directory = realDirectory(path.dirname(current), fs);
    current = path.join(directory, path.basename(current));
    if (!fs.lstatSync(current, { throwIfNoEntry: false })?.isSymbolicLink()) return current;
    current = path.resolve(directory, fs.readlinkSync(current));
  }
  throw systemError('ELOOP', 'too many symbolic links');
}

/** Resolves the part of a directory's path that exists. */
function realDirectory(directory: string, fs: FileSystem): string {
  const parent = path.dirname(directory);
  if (fs.existsSync(directory) || parent === directory) return fs.realpathSync(directory);
  return path.join(realDirectory(parent, fs), path.basename(directory));
}

/**
 * Creates a directory and its missing parents durably, with mode 0700 whatever the umask. Existing directories keep
 * their mode. The parent of the deepest existing one is synced as well: its creator may have crashed before doing so. When
 * one cannot be created, those before it are removed again.
 * @returns the directories that it created, parents first
 */
export function createPrivateDirectory(directory: string, fs: FileSystem = nodeFileSystem): string[] {
  const missing: string[] = [];
  let parent = directory;
  while (!fs.existsSync(parent)) {
    missing.push(parent);
    parent = path.dirname(parent);
  }
  const own: string[] = [];
  if (missing.length > 0) syncNameOf(parent, fs);
  try {
    for (const created of missing.toReversed()) {
      if (makeDirectory(created, fs)) own.push(created);
      syncDirectory(path.dirname(created), fs);
    }
    return own;
  } catch (error) {
    removeEmptyDirectories(own, fs);
    throw error;
  }
}

/** @returns false when another process has created the same directory meanwhile */
function makeDirectory(directory: string, fs: FileSystem): boolean {
  try {
    fs.mkdirSync(directory, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
  fs.chmodSync(directory, 0o700);
  return true;
}

/**
 * Removes directories that this process created, after what they were for has failed. Those that hold something by now stay.
 * @param directories - parents first
 */
export function removeEmptyDirectories(
  directories: readonly string[],
  fs: FileSystem = nodeFileSystem,
): void {
  for (const directory of directories.toReversed()) {
    try {
      fs.rmdirSync(directory);
    } catch {
      // Something is in it, or it is gone. The first failure is the one to report.
    }
  }
}

/** Makes the name of an existing directory durable, if this process may read its parent. */
export function syncNameOf(directory: string, fs: FileSystem): void {
  try {
    syncDirectory(path.dirname(directory), fs);
  } catch (error) {
    // This user cannot have created a directory in one that it may not read.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
  }
}

/** Makes the names in a directory durable. Windows does so by itself, and cannot open a directory. */
export function syncDirectory(directory: string, fs: FileSystem = nodeFileSystem): void {
  if (process.platform === 'win32') return;
  const fd = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
