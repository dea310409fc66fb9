import type { RangeLocks } from '../../../packages/sqljs-vfs/src/locks/byte-range-lock.ts';

interface HeldRange {
  readonly fd: number;
  readonly from: number;
  readonly to: number;
  readonly exclusive: boolean;
}

/**
 * Open-file-description locks as in Linux. A range belongs to an open file. A new lock replaces the holder's own lock on
 * the same bytes. Closing releases all locks of the open file.
 */
export class SimulatedLocks {
  readonly #held: Map<number, HeldRange[]> = new Map();
  readonly #fileOf: (fd: number) => number;

  /** @param fileOf - returns the file of a descriptor */
  constructor(fileOf: (fd: number) => number) {
    this.#fileOf = fileOf;
  }

  /** The locks in the form that the file storage expects. */
  readonly ranges: RangeLocks = {
    name: 'simulated',
    tryShared: (fd, offset, lengthBytes) => this.#try(fd, offset, lengthBytes, false),
    tryExclusive: (fd, offset, lengthBytes) => this.#try(fd, offset, lengthBytes, true),
    unlock: (fd, offset, lengthBytes) => this.#remove(fd, offset, endOf(offset, lengthBytes)),
  };

  /** Releases all locks of a descriptor. */
  closed(fd: number): void {
    this.#remove(fd, 0, Infinity);
  }

  #try(fd: number, from: number, lengthBytes: number, exclusive: boolean): boolean {
    const to = endOf(from, lengthBytes);
    const conflicts = this.#of(fd).some(
      (held) => held.fd !== fd && held.from < to && from < held.to && (held.exclusive || exclusive),
    );
    if (conflicts) return false;
    this.#remove(fd, from, to);
    this.#of(fd).push({ fd, from, to, exclusive });
    return true;
  }

  /** Removes a range from the locks of a descriptor. Parts of a lock outside the range remain. */
  #remove(fd: number, from: number, to: number): void {
    const remaining: HeldRange[] = [];
    for (const held of this.#of(fd)) {
      if (held.fd !== fd || held.to <= from || to <= held.from) remaining.push(held);
      else {
        if (held.from < from) remaining.push({ ...held, to: from });
        if (to < held.to) remaining.push({ ...held, from: to });
      }
    }
    this.#held.set(this.#fileOf(fd), remaining);
  }

  #of(fd: number): HeldRange[] {
    const file = this.#fileOf(fd);
    let ranges = this.#held.get(file);
    if (!ranges) this.#held.set(file, (ranges = []));
    return ranges;
  }
}

function endOf(offset: number, lengthBytes: number): number {
  return lengthBytes === 0 ? Infinity : offset + lengthBytes;
}
