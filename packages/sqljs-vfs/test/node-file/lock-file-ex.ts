import type { RangeLocks } from '../../src/locks/byte-range-lock.ts';

interface HeldRange {
  readonly fd: number;
  readonly offset: number;
  readonly lengthBytes: number;
  readonly exclusive: boolean;
}

/** Error for unlocking what is not locked like that: `ERROR_NOT_LOCKED`. */
export class NotLockedError extends Error {}

/**
 * The rules of `LockFileEx` and `UnlockFileEx` in memory: an open file's own lock stands in the way of its exclusive
 * lock as another's does, and a range can only be unlocked as it was locked
 * (https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-lockfileex).
 */
export class LockFileEx {
  readonly #held: Map<number, HeldRange[]> = new Map();
  readonly #fileOf: (fd: number) => number;
  readonly #beforeCall: () => void;

  /**
   * @param fileOf - returns the file of a descriptor
   * @param beforeCall - what other programs do before each call
   */
  constructor(fileOf: (fd: number) => number, beforeCall: () => void = () => undefined) {
    this.#fileOf = fileOf;
    this.#beforeCall = beforeCall;
  }

  readonly ranges: RangeLocks = {
    name: 'LockFileEx in memory',
    tryShared: (fd, offset, lengthBytes) => this.#lock({ fd, offset, lengthBytes, exclusive: false }),
    tryExclusive: (fd, offset, lengthBytes) => this.#lock({ fd, offset, lengthBytes, exclusive: true }),
    unlock: (fd, offset, lengthBytes) => this.#unlock(fd, offset, lengthBytes),
  };

  /** Lists what a descriptor holds, as `offset+length kind`. */
  heldBy(fd: number): string[] {
    return this.#of(fd)
      .filter((held) => held.fd === fd)
      .map(
        ({ offset, lengthBytes, exclusive }) => `${offset}+${lengthBytes} ${exclusive ? 'write' : 'read'}`,
      );
  }

  #lock(wanted: HeldRange): boolean {
    this.#beforeCall();
    const conflicts = this.#of(wanted.fd).some(
      (held) =>
        held.offset < wanted.offset + wanted.lengthBytes &&
        wanted.offset < held.offset + held.lengthBytes &&
        (wanted.exclusive || (held.exclusive && held.fd !== wanted.fd)),
    );
    if (!conflicts) this.#of(wanted.fd).push(wanted);
    return !conflicts;
  }

  #unlock(fd: number, offset: number, lengthBytes: number): void {
    this.#beforeCall();
    const held = this.#of(fd);
    const index = held.findIndex(
      (range) => range.fd === fd && range.offset === offset && range.lengthBytes === lengthBytes,
    );
    if (index === -1) throw new NotLockedError();
    held.splice(index, 1);
  }

  #of(fd: number): HeldRange[] {
    const file = this.#fileOf(fd);
    let ranges = this.#held.get(file);
    if (!ranges) this.#held.set(file, (ranges = []));
    return ranges;
  }
}
