import { LockLostError, type RangeLocks } from './byte-range-lock.ts';
import { assertExclusion } from './exclusion.node.ts';

interface HeldRange {
  readonly offset: number;
  readonly lengthBytes: number;
  readonly exclusive: boolean;
}

/**
 * Makes of the locks of Windows (`LockFileEx`) what SQLite's protocol needs, as os_win.c does
 * (https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-lockfileex).
 *
 * An open file that holds a range cannot lock it again as something else, so a lock is given up before it is taken as
 * another kind, and taken back if that is refused. A range can only be unlocked as it was locked, so each one is remembered;
 * whoever closes a file unlocks its ranges before, because its number may be the next file's.
 * @param native - locks ranges, and unlocks exactly those
 */
export function windowsRangeLocks(native: RangeLocks): RangeLocks {
  return new WindowsLocks(native);
}

class WindowsLocks implements RangeLocks {
  readonly name: string;
  readonly convertsByGivingUp = true;
  readonly #native: RangeLocks;
  readonly #held: Map<number, HeldRange[]> = new Map();

  constructor(native: RangeLocks) {
    this.name = native.name;
    this.#native = native;
  }

  tryShared(fd: number, offset: number, lengthBytes: number): boolean {
    return this.#try(fd, { offset, lengthBytes, exclusive: false });
  }

  tryExclusive(fd: number, offset: number, lengthBytes: number): boolean {
    return this.#try(fd, { offset, lengthBytes, exclusive: true });
  }

  unlock(fd: number, offset: number, lengthBytes: number): void {
    const end = lengthBytes === 0 ? Infinity : offset + lengthBytes;
    for (const range of this.#rangesOf(fd)) {
      if (range.offset >= offset && range.offset + range.lengthBytes <= end) this.#giveUp(fd, range);
    }
  }

  check(directory: string): void {
    assertExclusion(this, directory);
  }

  #try(fd: number, wanted: HeldRange): boolean {
    const own = this.#rangesOf(fd).find(
      ({ offset, lengthBytes }) => offset === wanted.offset && lengthBytes === wanted.lengthBytes,
    );
    if (own === undefined) return this.#take(fd, wanted);
    if (own.exclusive === wanted.exclusive) return true;
    this.#giveUp(fd, own);
    let granted: boolean;
    try {
      granted = this.#take(fd, wanted);
    } catch (error) {
      this.#takeBack(fd, own);
      throw error;
    }
    if (!granted) this.#takeBack(fd, own);
    return granted;
  }

  #takeBack(fd: number, own: HeldRange): void {
    if (!this.#take(fd, own)) throw new LockLostError('another program was faster');
  }

  #take(fd: number, range: HeldRange): boolean {
    const { offset, lengthBytes, exclusive } = range;
    const granted = exclusive
      ? this.#native.tryExclusive(fd, offset, lengthBytes)
      : this.#native.tryShared(fd, offset, lengthBytes);
    if (granted) this.#held.set(fd, [...this.#rangesOf(fd), range]);
    return granted;
  }

  #giveUp(fd: number, range: HeldRange): void {
    const others = this.#rangesOf(fd).filter((held) => held !== range);
    if (others.length > 0) this.#held.set(fd, others);
    else this.#held.delete(fd);
    this.#native.unlock(fd, range.offset, range.lengthBytes);
  }

  #rangesOf(fd: number): readonly HeldRange[] {
    return this.#held.get(fd) ?? [];
  }
}
