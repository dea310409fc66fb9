/**
 * Offsets, in bytes, of the fields of SQLite's public C structs as compiled for wasm32 (`sqlite3.h`: sqlite3_vfs,
 * https://www.sqlite.org/c3ref/vfs.html, and sqlite3_io_methods, https://www.sqlite.org/c3ref/io_methods.html), and the
 * constants that SQLite passes to their methods.
 */
import { VfsError } from '../errors.ts';
import type { SqlJs } from './load-sqljs.ts';

/** Fields of `sqlite3_vfs`. */
export const VfsField = {
  iVersion: 0,
  szOsFile: 4,
  zName: 16,
  xOpen: 24,
  xDelete: 28,
  xAccess: 32,
  xSleep: 60,
} as const;

/** Version 1 of `sqlite3_io_methods`: the version, then twelve function pointers. */
export const IO_METHODS_VERSION = 1;
export const IO_METHODS_SIZE_BYTES: number = 4 + 12 * 4;

/**
 * Fields of `sqlite3`, the connection, in sql.js 1.16.0 (`sqliteInt.h`). Unlike the structs above it is no public one, so
 * its layout is tried before it is used.
 */
export const ConnectionField = {
  /** Largest size of a value, in bytes (https://www.sqlite.org/c3ref/c_limit_attached.html). */
  limitLength: 120,
  limitLikePatternLength: 152,
  xAuth: 372,
  xProgress: 380,
  nProgressOps: 388,
} as const;

/**
 * What a new connection has in its fields, by their offsets. The limits of columns, of the depth of expressions and of
 * compound SELECTs stand between those that are used.
 */
export const NEW_CONNECTION: readonly (readonly [offset: number, value: number])[] = [
  [ConnectionField.limitLength, 1_000_000_000],
  [128, 2000],
  [132, 1000],
  [136, 500],
  [ConnectionField.limitLikePatternLength, 50_000],
  [ConnectionField.xAuth, 0],
  [ConnectionField.xProgress, 0],
  [ConnectionField.nProgressOps, 0],
];

/** Open flags (https://www.sqlite.org/c3ref/c_open_autoproxy.html) that xOpen receives. */
export const OpenFlag = {
  readOnly: 0x1,
  readWrite: 0x2,
  create: 0x4,
  deleteOnClose: 0x8,
  exclusive: 0x10,
  mainDatabase: 0x100,
} as const;

/** xAccess asks whether the file exists (SQLITE_ACCESS_EXISTS). */
export const ACCESS_EXISTS = 0;

/** xFileControl's operation after a commit and before SQLite unlocks the file (SQLITE_FCNTL_COMMIT_PHASETWO). */
export const FCNTL_COMMIT_PHASETWO = 22;

/**
 * Device characteristics: a write does not change bytes outside its range. Nothing stronger is claimed:
 * UNDELETABLE_WHEN_OPEN, SAFE_APPEND and SEQUENTIAL each lost data in a crash simulation.
 */
export const IOCAP_POWERSAFE_OVERWRITE = 0x1000;

/** The size that xSectorSize reports: the smallest write that SQLite assumes to be atomic. */
export const SECTOR_SIZE_BYTES = 4096;

const EXPECTED = { minVersion: 1, maxVersion: 3, szOsFile: 52, name: 'unix' } as const;

/**
 * Finds the default `sqlite3_vfs`: the first word of an open `sqlite3` is a pointer to it.
 * @returns its address
 * @throws VfsError `UNSUPPORTED_SQLJS` when the memory at that address does not look like the expected struct
 */
export function findDefaultVfs({ module, memory }: SqlJs): number {
  const probe = new module.Database(new Uint8Array(0));
  try {
    const view = new DataView(memory.buffer);
    const vfs = view.getUint32(probe.db, true);
    const version = view.getInt32(vfs + VfsField.iVersion, true);
    const szOsFile = view.getInt32(vfs + VfsField.szOsFile, true);
    const name = readCString(memory, view.getUint32(vfs + VfsField.zName, true));
    const known =
      version >= EXPECTED.minVersion &&
      version <= EXPECTED.maxVersion &&
      szOsFile === EXPECTED.szOsFile &&
      name === EXPECTED.name;
    if (!known) {
      throw new VfsError(
        'UNSUPPORTED_SQLJS',
        `unknown VFS layout in sql.js (version ${version}, file size ${szOsFile}, name ${JSON.stringify(name)})`,
        { hint: 'Install sql.js 1.16.0 exactly.' },
      );
    }
    return vfs;
  } catch (error) {
    if (error instanceof RangeError) {
      throw new VfsError('UNSUPPORTED_SQLJS', 'no VFS where sql.js 1.16.0 has it', { cause: error });
    }
    throw error;
  } finally {
    probe.close();
  }
}

const decoder = new TextDecoder();

/** Reads a zero-terminated UTF-8 string; a null pointer reads as an empty string. */
export function readCString(memory: WebAssembly.Memory, pointer: number): string {
  if (pointer === 0) return '';
  const bytes = new Uint8Array(memory.buffer);
  return decoder.decode(bytes.slice(pointer, bytes.indexOf(0, pointer)));
}
