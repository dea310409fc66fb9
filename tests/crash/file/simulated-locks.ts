import type { RangeLocks } from '../../../packages/sqljs-vfs/src/locks/byte-range-lock.ts';

interface HeldRange {
  readonly fd: number;
  readonly from: number;
  readonly to: number;
  readonly exclusive: boolean;
}

/**
 * Open-file-description locks as Linux gives them: a range belongs to an open file, a new lock replaces the holder's
 * own on the same bytes, closing gives everything back.
 */
export class SimulatedLocks {
  readonly #held: Map<number, HeldRange[]> = new Map();
  readonly #fileOf: (fd: number) => number;

  /** @param fileOf - which file a descriptor is open on */
  constructor(fileOf: (fd: number) => number) {
    this.#fileOf = fileOf;
  }

  /** The locks in the form that the file storage asks for. */
  readonly ranges: RangeLocks = {
    name: 'simulated',
    tryShared: (fd, offset, lengthBytes) => this.#try(fd, offset, lengthBytes, false),
    tryExclusive: (fd, offset, lengthBytes) => this.#try(fd, offset, lengthBytes, true),
    unlock: (fd, offset, lengthBytes) => this.#cut(fd, offset, endOf(offset, lengthBytes)),
  };

  /** Frees whatever a descriptor holds. */
  closed(fd: number): void {
    this.#cut(fd, 0, Infinity);
  }

  #try(fd: number, from: number, lengthBytes: number, exclusive: boolean): boolean {
    const to = endOf(from, lengthBytes);
    const inTheWay = this.#of(fd).some(
      (held) => held.fd !== fd && held.from < to && from < held.to && (held.exclusive || exclusive),
    );
    if (inTheWay) return false;
    this.#cut(fd, from, to);
    this.#of(fd).push({ fd, from, to, exclusive });
    return true;
  }

  /** Takes a range out of what a descriptor holds; what sticks out on either side stays. */
  #cut(fd: number, from: number, to: number): void {
    const kept: HeldRange[] = [];
    for (const held of this.#of(fd)) {
      if (held.fd !== fd || held.to <= from || to <= held.from) kept.push(held);
      else {
        if (held.from < from) kept.push({ ...held, to: from });
        if (to < held.to) kept.push({ ...held, from: to });
      }
    }
    this.#held.set(this.#fileOf(fd), kept);
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
