/**
 * Open-file-description locks by `fcntl` (https://man7.org/linux/man-pages/man2/F_OFD_SETLK.2const.html), called through a
 * runtime's foreign function interface. Unlike POSIX locks they belong to an open file and not to the process, so closing
 * another descriptor of the file keeps them; POSIX locks of native SQLite and these exclude each other.
 */
import type { RangeLocks } from './byte-range-lock.ts';
import { assertExclusion } from './exclusion.node.ts';

/** The functions of the C library that locks need. */
export interface CLibrary {
  /** The runtime's interface, for messages. */
  readonly name: string;
  /** Returns -1 for a failure. */
  fcntl(fd: number, command: number, argument: Uint8Array): number;
  /** Error number of the last failure in this thread. */
  errno(): number;
}

/** What to look up in the library, and how to call it. */
export interface CLibraryNames {
  /** Function that returns where the error number of this thread is stored. */
  readonly errnoLocation: string;
  /** Values between the second and the last argument of `fcntl`, which has a variable number of arguments. */
  readonly padding: readonly number[];
}

/** Loads the functions from one library. @throws the runtime's error */
export type LoadCLibrary = (library: string, names: CLibraryNames) => CLibrary;

/** `fcntl` on one platform: commands, error numbers, and the layout of `struct flock` in 64-bit programs. */
interface Fcntl extends CLibraryNames {
  /** Names of the C library, the usual one first. */
  readonly libraries: readonly string[];
  readonly setLock: number;
  readonly readLock: number;
  readonly writeLock: number;
  readonly unlock: number;
  /** EAGAIN and EACCES: another open file holds the range. */
  readonly busy: readonly number[];
  readonly structSizeBytes: number;
  /** Offsets in bytes. `l_whence` and `l_pid` stay 0. */
  readonly offsets: { readonly type: number; readonly start: number; readonly length: number };
}

/** Names of processors in the file names of musl. */
const MUSL_PROCESSORS: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64', arm64: 'aarch64' };

const PLATFORMS: Partial<Record<NodeJS.Platform, () => Fcntl>> = {
  // include/uapi/asm-generic/fcntl.h; musl's library has no common name.
  linux: () => ({
    libraries: ['libc.so.6', `libc.musl-${MUSL_PROCESSORS[process.arch] ?? process.arch}.so.1`],
    errnoLocation: '__errno_location',
    padding: [],
    setLock: 37,
    readLock: 0,
    writeLock: 1,
    unlock: 2,
    busy: [11, 13],
    structSizeBytes: 32,
    offsets: { type: 0, start: 8, length: 16 },
  }),
  // bsd/sys/fcntl.h of XNU. On ARM, Apple passes variable arguments on the stack, so the registers are filled first.
  darwin: () => ({
    libraries: ['libSystem.B.dylib'],
    errnoLocation: '__error',
    padding: process.arch === 'arm64' ? [0, 0, 0, 0, 0, 0] : [],
    setLock: 90,
    readLock: 1,
    writeLock: 3,
    unlock: 2,
    busy: [35, 13],
    structSizeBytes: 24,
    offsets: { type: 20, start: 0, length: 8 },
  }),
};

/**
 * Makes byte-range locks from a runtime's foreign function interface.
 * @throws Error when the platform is unknown, or the runtime's error when it cannot call its C library
 */
export function fcntlRangeLocks(load: LoadCLibrary): RangeLocks {
  const platform = PLATFORMS[process.platform]?.();
  if (platform === undefined) throw new Error(`no open-file-description locks on ${process.platform}`);
  return new FcntlLocks(platform, loadFirst(load, platform));
}

function loadFirst(load: LoadCLibrary, platform: Fcntl): CLibrary {
  const failures: unknown[] = [];
  for (const library of platform.libraries) {
    try {
      return load(library, platform);
    } catch (error) {
      failures.push(error);
    }
  }
  // The usual library's failure says most, for example that a permission is missing.
  throw failures[0];
}

class FcntlLocks implements RangeLocks {
  readonly name: string;
  readonly #platform: Fcntl;
  readonly #library: CLibrary;
  readonly #struct: Uint8Array;
  readonly #fields: DataView;

  constructor(platform: Fcntl, library: CLibrary) {
    this.name = `${library.name} (OFD)`;
    this.#platform = platform;
    this.#library = library;
    this.#struct = new Uint8Array(platform.structSizeBytes);
    this.#fields = new DataView(this.#struct.buffer);
  }

  tryShared(fd: number, offset: number, lengthBytes: number): boolean {
    return this.#set(fd, this.#platform.readLock, offset, lengthBytes);
  }

  tryExclusive(fd: number, offset: number, lengthBytes: number): boolean {
    return this.#set(fd, this.#platform.writeLock, offset, lengthBytes);
  }

  unlock(fd: number, offset: number, lengthBytes: number): void {
    this.#set(fd, this.#platform.unlock, offset, lengthBytes);
  }

  check(directory: string): void {
    assertExclusion(this, directory);
  }

  #set(fd: number, type: number, offset: number, lengthBytes: number): boolean {
    const { offsets, setLock, busy } = this.#platform;
    // All platforms with such an interface are little-endian.
    this.#fields.setInt16(offsets.type, type, true);
    this.#fields.setBigInt64(offsets.start, BigInt(offset), true);
    this.#fields.setBigInt64(offsets.length, BigInt(lengthBytes), true);
    if (this.#library.fcntl(fd, setLock, this.#struct) === 0) return true;
    const errno = this.#library.errno();
    if (busy.includes(errno)) return false;
    throw lockError(errno);
  }
}

function lockError(errno: number): Error {
  const { getSystemErrorName } = process.getBuiltinModule('node:util');
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${code}: the system refused a lock`), { code });
}
