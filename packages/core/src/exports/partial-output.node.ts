/**
 * Outputs under a temporary name until they are complete. A process that is killed leaves its partial output behind, and
 * the next output to the same folder removes it. A lock on a file beside it tells the two apart: the operating system
 * releases it with the process, whatever ends it, and in containers too, where process ids mean nothing.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { RangeLocks } from '@ggen-sim/sqljs-vfs';
import {
  createPrivateDirectory,
  nativeRangeLocks,
  removeEmptyDirectories,
} from '@ggen-sim/sqljs-vfs/internal/file';

const PARTIAL_SUFFIX = '.partial';
const LOCK_SUFFIX = '.partial-lock';

const UNLOCKED_SUFFIX = '.new';

/** Name of a lock file: the output's name and a random number. The suffix is there until it is locked. */
const LOCK_NAME = /^\..+\.[0-9a-f]{12}\.partial-lock(?:\.new)?$/;

const { O_RDWR } = fs.constants;
const O_NOFOLLOW: number = fs.constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK: number = fs.constants.O_NONBLOCK ?? 0;

/** The temporary name of one output, and the lock that marks it as being written. */
export class PartialOutput {
  readonly path: string;
  readonly #lockPath: string;
  #lock: { readonly fd: number; readonly locks: RangeLocks } | undefined;
  #createdFolders: readonly string[] = [];

  /** Picks a random name beside the target, so that two processes never use the same. Readers ignore such names. */
  constructor(target: string) {
    const { randomBytes } = process.getBuiltinModule('node:crypto');
    const name = `.${path.basename(target)}.${randomBytes(6).toString('hex')}`;
    const stem = path.join(path.dirname(target), name);
    this.path = stem + PARTIAL_SUFFIX;
    this.#lockPath = stem + LOCK_SUFFIX;
  }

  /** Creates the folder, marks the name as in use, and removes what killed processes left in the folder. */
  begin(): void {
    this.#createdFolders = createPrivateDirectory(path.dirname(this.path));
    const locks = nativeRangeLocks();
    // Without locks nobody could tell a partial output that is still being written.
    if ('unavailable' in locks) return;
    try {
      this.#lock = { fd: createLocked(this.#lockPath, locks), locks };
    } catch {
      // A folder that permits no file permits no output either, and its creation reports that better.
      return;
    }
    removeAbandoned(path.dirname(this.path), locks);
  }

  /** Ends the use of the name, after the output was renamed or removed. */
  end(): void {
    if (this.#lock === undefined) return;
    fs.rmSync(this.#lockPath, { force: true });
    closeUnlocked(this.#lock.fd, this.#lock.locks);
    this.#lock = undefined;
  }

  /** Removes the output, and the folders made for it if nothing else is in them. */
  discard(): void {
    try {
      fs.rmSync(this.path, { recursive: true, force: true });
    } catch {
      // Its name is too long, or the disk failed. What led here is the failure to report.
    }
    this.end();
    removeEmptyDirectories(this.#createdFolders);
  }
}

/** Creates a file that has its name only once it is locked. @returns its descriptor */
function createLocked(lockPath: string, locks: RangeLocks): number {
  const unlocked = lockPath + UNLOCKED_SUFFIX;
  const lock = fs.openSync(unlocked, 'wx', 0o600);
  try {
    // Another process may take it for abandoned and be about to remove it.
    if (!locks.tryExclusive(lock, 0, 1)) throw new Error(`${unlocked} is locked`);
    fs.renameSync(unlocked, lockPath);
    return lock;
  } catch (error) {
    fs.rmSync(unlocked, { force: true });
    closeUnlocked(lock, locks);
    throw error;
  }
}

/** Locks are given back before their file is closed: its number may be the next file's. */
function closeUnlocked(lock: number, locks: RangeLocks): void {
  try {
    locks.unlock(lock, 0, 1);
  } catch {
    // Closing gives it back as well.
  }
  fs.closeSync(lock);
}

function removeAbandoned(folder: string, locks: RangeLocks): void {
  for (const name of namesIn(folder)) {
    if (LOCK_NAME.test(name)) removeIfAbandoned(path.join(folder, name), locks);
  }
}

/** A folder may permit writing and no reading. */
function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function removeIfAbandoned(lockPath: string, locks: RangeLocks): void {
  let lock: number;
  try {
    lock = fs.openSync(lockPath, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    // Another user's, or removed meanwhile.
    return;
  }
  try {
    const status = fs.fstatSync(lock);
    // Windows tells no owner, and keeps others out by the folder.
    const isOwn = status.isFile() && (process.getuid === undefined || status.uid === process.getuid());
    if (!isOwn || !locks.tryExclusive(lock, 0, 1)) return;
    if (lockPath.endsWith(LOCK_SUFFIX)) {
      fs.rmSync(lockPath.slice(0, -LOCK_SUFFIX.length) + PARTIAL_SUFFIX, { recursive: true, force: true });
    }
    fs.rmSync(lockPath, { force: true });
  } catch {
    // What another user owns stays. It must not fail this output.
  } finally {
    closeUnlocked(lock, locks);
  }
}
