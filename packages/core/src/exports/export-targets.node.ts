import fs from 'node:fs';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { followSymlinks, syncDirectory } from '@ggen-sim/sqljs-vfs/internal/file';
import { PersistenceError } from '../api/errors.ts';
import { toIoError } from '../streams/io-error.ts';
import { refuseDatabaseFile } from './database-files.node.ts';
import type { ExportTarget } from './export-target.ts';
import { PartialOutput } from './partial-output.node.ts';
import { writeThroughTarget } from './write-through.node.ts';
import type { BackupDirectory } from '../api/persistence.ts';

export const DEFAULT_BACKUP_DIRECTORY: string | undefined = './.ggen-backup';

const { O_RDONLY } = fs.constants;
// Missing on Windows, where a link or a pipe cannot replace a file as easily.
const O_NOFOLLOW: number = fs.constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK: number = fs.constants.O_NONBLOCK ?? 0;

/**
 * Creates a file with mode 0600, whatever the umask. It is synced before its stream closes. Fails if anything has the
 * name already, a symlink included.
 */
export function createPrivateFile(filePath: string): WritableStream<Uint8Array> {
  const fd = fs.openSync(filePath, 'wx', 0o600);
  fs.fchmodSync(fd, 0o600);
  return Writable.toWeb(fs.createWriteStream(filePath, { fd, flush: true })) as WritableStream<Uint8Array>;
}

/**
 * Makes a target for a file of mode 0600 that appears under its name once it is complete and synced. It then replaces an
 * existing file. A symlink is followed, not replaced. Whatever is not a regular file is written through.
 * @param publish - gives the complete file a name in the same folder and returns it. @default replaces what has the name
 * @throws {PersistenceError} `INVALID_ARGUMENT` for a database, or a file that belongs to one
 */
export function exportTargetAt(
  operation: string,
  filePath: string,
  publish?: (partialPath: string) => string,
): ExportTarget {
  const target = followSymlinks(filePath);
  refuseDatabaseFile(operation, target, filePath);
  const writtenThrough = writeThroughTarget(filePath);
  if (writtenThrough) return writtenThrough;
  const partial = new PartialOutput(target);
  let published = filePath;
  return {
    get path() {
      return published;
    },
    async open() {
      if (fs.statSync(target, { throwIfNoEntry: false })?.isDirectory()) {
        throw new PersistenceError('IO_ERROR', `Cannot write ${filePath} (it is a folder)`, {
          operation,
        });
      }
      partial.begin();
      return createPrivateFile(partial.path);
    },
    async finish() {
      if (publish) {
        published = publish(partial.path);
      } else {
        // Another program may have made a database here since the export began.
        refuseDatabaseFile(operation, target, filePath);
        fs.renameSync(partial.path, target);
      }
      partial.discard();
      syncDirectory(path.dirname(target));
    },
    async discard() {
      partial.discard();
    },
  };
}

/**
 * Makes a target like {@link exportTargetAt} that replaces no file: if the name is taken when the file is complete, it
 * gets the same name with -2, -3, …
 * @param stem - path without the extension
 */
export function newExportTargetAt(operation: string, stem: string, extension: string): ExportTarget {
  const nameOf = (number: number): string => `${stem}${number === 1 ? '' : `-${number}`}${extension}`;
  return exportTargetAt(operation, nameOf(1), (partialPath) => {
    for (let number = 1; ; number++) {
      try {
        giveFreeName(partialPath, nameOf(number));
        return nameOf(number);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  });
}

/**
 * Gives a complete file another name, which is complete or absent whenever the process ends.
 *
 * Some file systems, such as FAT, have no hard links. An empty file that claims the name there would outlast a crash, so the
 * file is renamed after a look. What another program creates between the look and the renaming is replaced.
 * @throws EEXIST if anything has the name already
 */
export function giveFreeName(partialPath: string, name: string): void {
  try {
    fs.linkSync(partialPath, name);
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
  }
  if (fs.lstatSync(name, { throwIfNoEntry: false })) {
    throw Object.assign(new Error(`${name} exists`), { code: 'EEXIST' });
  }
  fs.renameSync(partialPath, name);
}

/**
 * Makes a folder of mode 0700 that appears under its name once everything in it is complete and synced. An existing
 * folder is never changed unless it is empty.
 */
export function backupDirectoryAt(directory: string): BackupDirectory {
  const target = followSymlinks(directory);
  const partial = new PartialOutput(target);
  let started = false;
  return {
    name: directory,
    async create(fileName) {
      if (!started) {
        refuseDatabaseFile('exportBackup', target, directory);
        refuseOccupied(target, directory);
        started = true;
        partial.begin();
        // Fails if anything has the name already, so the files go into a folder that this process created.
        fs.mkdirSync(partial.path, 0o700);
        fs.chmodSync(partial.path, 0o700);
      }
      return createPrivateFile(path.join(partial.path, checkFileName(fileName)));
    },
    async finish() {
      syncDirectory(partial.path);
      refuseOccupied(target, directory);
      fs.renameSync(partial.path, target);
      partial.end();
      syncDirectory(path.dirname(target));
    },
    async discard() {
      if (started) partial.discard();
    },
    async open(fileName) {
      const filePath = path.join(target, checkFileName(fileName));
      let fd: number | undefined;
      try {
        fd = openRegularFile(filePath);
      } catch (error) {
        throw toIoError(error, 'restoreBackup', path.join(directory, fileName));
      }
      if (fd === undefined) return undefined;
      return Readable.toWeb(fs.createReadStream(filePath, { fd })) as ReadableStream<Uint8Array>;
    },
  };
}

/**
 * Opens a regular file without following a symlink. The type is checked on the open descriptor, so the file cannot be
 * replaced between check and use.
 * @returns undefined if the file, or a folder of its path, does not exist
 */
function openRegularFile(filePath: string): number | undefined {
  let fd: number;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
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
  throw new PersistenceError('ALREADY_EXISTS', `${shownName} already exists`, {
    operation: 'exportBackup',
    hint: 'Choose another folder; an existing backup is never overwritten.',
  });
}

/** Refuses a file name that leads out of the backup's folder. A backup is one flat folder. */
function checkFileName(fileName: string): string {
  if (fileName !== path.basename(fileName) || fileName === '..' || fileName === '.' || fileName === '') {
    throw new PersistenceError('BACKUP_INVALID', `${JSON.stringify(fileName)} is not a plain file name`, {
      operation: 'restoreBackup',
    });
  }
  return fileName;
}
