import fs from 'node:fs';
import path from 'node:path';
import { PENDING_BYTE, type RangeLocks } from './byte-range-lock.ts';

/** Device numbers of the file systems on which locks were seen to exclude each other. */
const excludingDevices = new WeakMap<RangeLocks, Set<number>>();

/**
 * Tries locks on a file without a name: a wrong call into the system must not pass for a lock. A folder in which no file
 * can be created permits no journal either, so nothing can be written there.
 * @throws Error when they do not exclude each other as they must, or the system's error
 */
export function assertExclusion(locks: RangeLocks, directory: string): void {
  const { dev } = fs.statSync(directory);
  const devices = excludingDevices.get(locks) ?? new Set();
  if (devices.has(dev)) return;
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  const filePath = path.join(directory, `.sqljs-vfs-${randomBytes(12).toString('hex')}`);
  let first: number;
  try {
    first = fs.openSync(filePath, 'wx+', 0o600);
  } catch {
    return;
  }
  let second: number | undefined;
  let excluding: boolean;
  try {
    try {
      second = fs.openSync(filePath, 'r+');
    } finally {
      // Before the locks are tried, so that a killed process hardly ever leaves it.
      fs.unlinkSync(filePath);
    }
    excluding = excludes(locks, first, second);
  } finally {
    fs.closeSync(first);
    if (second !== undefined) fs.closeSync(second);
  }
  if (!excluding) throw new Error(`locks by ${locks.name} do not exclude each other`);
  excludingDevices.set(locks, devices.add(dev));
}

/** True when each kind of lock keeps out what it must, and only that. */
function excludes(locks: RangeLocks, first: number, second: number): boolean {
  const [offset, lengthBytes] = [PENDING_BYTE, 512];
  const heldExclusively =
    locks.tryExclusive(first, offset, lengthBytes) &&
    !locks.tryShared(second, offset, 1) &&
    !locks.tryExclusive(second, offset + lengthBytes - 1, 1) &&
    locks.tryExclusive(second, offset + lengthBytes, 1);
  const shared =
    locks.tryShared(first, offset, lengthBytes) &&
    locks.tryShared(second, offset, lengthBytes) &&
    !locks.tryExclusive(first, offset, lengthBytes);
  locks.unlock(second, 0, 0);
  const isFree = locks.tryExclusive(first, offset, lengthBytes);
  locks.unlock(first, 0, 0);
  return heldExclusively && shared && isFree;
}
