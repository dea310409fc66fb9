import fs from 'node:fs';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { createPrivateDirectory, followSymlinks, syncDirectory } from '@ggen-sim/sqljs-vfs/file';
import { PersistenceError } from '../api/errors.ts';
import type { ExportTarget } from './export-target.ts';
import type { BackupDirectory } from '../api/persistence.ts';

export const DEFAULT_BACKUP_DIRECTORY: string | undefined = './.ggen-backup';

const { O_RDONLY } = fs.constants;
// Absent on Windows, where neither links nor pipes can be put in a file's place so easily.
const O_NOFOLLOW: number = fs.constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK: number = fs.constants.O_NONBLOCK ?? 0;

/** A name beside the target that nobody else picks; readers never look at it. */
function partialName(target: string): string {
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  return path.join(
    path.dirname(target),
    `.${path.basename(target)}.${randomBytes(6).toString('hex')}.partial`,
  );
}

/**
 * A new file with mode 0600 whatever the umask, synced before its stream closes. What has the name already, a link
 * included, is an error.
 */
export function createPrivateFile(filePath: string): WritableStream<Uint8Array> {
  const fd = fs.openSync(filePath, 'wx', 0o600);
  fs.fchmodSync(fd, 0o600);
  return Writable.toWeb(fs.createWriteStream(filePath, { fd, flush: true })) as WritableStream<Uint8Array>;
}

/**
 * A file that appears under its name, mode 0600, once it is complete and synced. What was there before is replaced
 * then; a symlink is followed, not replaced.
 */
export function exportTargetAt(filePath: string): ExportTarget {
  const target = followSymlinks(filePath);
  const partial = partialName(target);
  return {
    path: filePath,
    async open() {
      if (fs.statSync(target, { throwIfNoEntry: false })?.isDirectory()) {
        throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
      }
      createPrivateDirectory(path.dirname(target));
      return createPrivateFile(partial);
    },
    async finish() {
      fs.renameSync(partial, target);
      syncDirectory(path.dirname(target));
    },
    async discard() {
      fs.rmSync(partial, { force: true });
    },
  };
}

/**
 * A folder that appears under its name, mode 0700, once everything in it is complete and synced. An existing folder
 * with anything in it is never touched.
 */
export function backupDirectoryAt(directory: string): BackupDirectory {
  const target = followSymlinks(directory);
  const partial = partialName(target);
  let started = false;
  return {
    name: directory,
    async create(fileName) {
      if (!started) {
        refuseOccupied(target, directory);
        createPrivateDirectory(path.dirname(partial));
        // Fails where anything has the name already: what is written goes into a folder of our own making.
        fs.mkdirSync(partial, 0o700);
        fs.chmodSync(partial, 0o700);
        started = true;
      }
      return createPrivateFile(path.join(partial, checkFileName(fileName)));
    },
    async finish() {
      syncDirectory(partial);
      refuseOccupied(target, directory);
      fs.renameSync(partial, target);
      syncDirectory(path.dirname(target));
    },
    async discard() {
      if (started) fs.rmSync(partial, { recursive: true, force: true });
    },
    async open(fileName) {
      const filePath = path.join(target, checkFileName(fileName));
      const fd = openRegularFile(filePath);
      if (fd === undefined) return undefined;
      return Readable.toWeb(fs.createReadStream(filePath, { fd })) as ReadableStream<Uint8Array>;
    },
  };
}

/**
 * Opens what is at a path itself: links are not followed, and of what was opened it is then asked whether it is a file,
 * so that nothing can be put in its place in between.
 * @returns undefined where there is nothing, or no folder on the way
 */
function openRegularFile(filePath: string): number | undefined {
  let fd: number;
  try {
    // A pipe would otherwise be waited for.
    fd = fs.openSync(filePath, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'ELOOP' || code === 'ENXIO') throw notRegular(filePath);
    throw error;
  }
  if (fs.fstatSync(fd).isFile()) return fd;
  fs.closeSync(fd);
  throw notRegular(filePath);
}

function notRegular(filePath: string): PersistenceError {
  return new PersistenceError('BACKUP_INVALID', `${filePath} is not a regular file`, {
    operation: 'restoreBackup',
    hint: 'Nothing was restored.',
  });
}

function refuseOccupied(target: string, shownName: string): void {
  const stat = fs.statSync(target, { throwIfNoEntry: false });
  if (!stat || (stat.isDirectory() && fs.readdirSync(target).length === 0)) return;
  throw new PersistenceError('ALREADY_EXISTS', `${shownName} exists already`, {
    operation: 'exportBackup',
    hint: 'Choose another folder; a backup is never overwritten.',
  });
}

/** A backup is flat: a name that leads anywhere else is not ours to follow. */
function checkFileName(fileName: string): string {
  if (fileName !== path.basename(fileName) || fileName === '..' || fileName === '.' || fileName === '') {
    throw new PersistenceError('BACKUP_INVALID', `${JSON.stringify(fileName)} is not a plain file name`, {
      operation: 'restoreBackup',
    });
  }
  return fileName;
}
