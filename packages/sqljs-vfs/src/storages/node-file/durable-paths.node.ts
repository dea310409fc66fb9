import path from 'node:path';
import { type FileSystem, nodeFileSystem } from './file-system.node.ts';

/** Linux's own limit on links in a row (ELOOP). */
const MAX_SYMLINKS = 40;

/**
 * The real path of a file that may not exist yet: every symlink on the way is followed, the last one even when it
 * points to nothing.
 */
export function followSymlinks(filePath: string, fs: FileSystem = nodeFileSystem): string {
  let current = path.resolve(filePath);
  for (let followed = 0; followed < MAX_SYMLINKS; followed++) {
    // A link's target is relative to the folder the link is really in.
    const directory = realDirectory(path.dirname(current), fs);
    current = path.join(directory, path.basename(current));
    if (!fs.lstatSync(current, { throwIfNoEntry: false })?.isSymbolicLink()) return current;
    current = path.resolve(directory, fs.readlinkSync(current));
  }
  throw Object.assign(new Error(`too many symbolic links: ${filePath}`), { code: 'ELOOP' });
}

/** The real path of a folder, as far as it exists. */
function realDirectory(directory: string, fs: FileSystem): string {
  const parent = path.dirname(directory);
  if (fs.existsSync(directory) || parent === directory) return fs.realpathSync(directory);
  return path.join(realDirectory(parent, fs), path.basename(directory));
}

/**
 * Makes a folder and its missing parents with mode 0700 whatever the umask, durably. Existing ones stay as they are, but
 * the last of them may owe its name to a process that died, or has not got so far yet, so that is made durable too.
 */
export function createPrivateDirectory(directory: string, fs: FileSystem = nodeFileSystem): void {
  const missing: string[] = [];
  let parent = directory;
  while (!fs.existsSync(parent)) {
    missing.push(parent);
    parent = path.dirname(parent);
  }
  if (missing.length > 0) syncNameOf(parent, fs);
  for (const created of missing.toReversed()) {
    try {
      fs.mkdirSync(created, 0o700);
      fs.chmodSync(created, 0o700);
    } catch (error) {
      // Another process was faster; its folder is as good as ours.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    syncDirectory(path.dirname(created), fs);
  }
}

/** Makes the name of a folder that somebody made durable, where we may. */
export function syncNameOf(directory: string, fs: FileSystem): void {
  try {
    syncDirectory(path.dirname(directory), fs);
  } catch (error) {
    // A folder we may not even read is none in which we or our like made another.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
  }
}

/** Makes the names in a folder durable. Windows keeps them so by itself and cannot open a folder. */
export function syncDirectory(directory: string, fs: FileSystem = nodeFileSystem): void {
  if (process.platform === 'win32') return;
  const fd = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
