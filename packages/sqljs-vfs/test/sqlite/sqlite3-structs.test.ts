/** An sql.js with another VFS layout is refused, not patched. */
import { describe, expect, it } from 'vitest';
import type { SqlJs } from '../../src/sqlite/load-sqljs.ts';
import { VfsField, findDefaultVfs } from '../../src/sqlite/sqlite3-structs.ts';
import { thrownBy } from '../../src/testing/storage-case.ts';

const DATABASE_POINTER = 64;
const VFS_POINTER = 128;
const NAME_POINTER = 256;

interface Layout {
  readonly vfsPointer?: number;
  readonly version?: number;
  readonly szOsFile?: number;
  readonly name?: string;
}

function sqlJsWith({ vfsPointer = VFS_POINTER, version = 3, szOsFile = 52, name = 'unix' }: Layout): SqlJs {
  const buffer = new ArrayBuffer(1024);
  const view = new DataView(buffer);
  view.setUint32(DATABASE_POINTER, vfsPointer, true);
  view.setInt32(VFS_POINTER + VfsField.iVersion, version, true);
  view.setInt32(VFS_POINTER + VfsField.szOsFile, szOsFile, true);
  view.setUint32(VFS_POINTER + VfsField.zName, NAME_POINTER, true);
  new Uint8Array(buffer).set(new TextEncoder().encode(`${name}\0`), NAME_POINTER);
  class Database {
    readonly db = DATABASE_POINTER;
    close(): void {}
  }
  return { module: { Database }, memory: { buffer } } as unknown as SqlJs;
}

describe('the default VFS', () => {
  it('is found in sql.js 1.16.0', () => {
    expect(findDefaultVfs(sqlJsWith({}))).toBe(VFS_POINTER);
  });

  it.each<[string, Layout]>([
    ['an unknown struct version', { version: 4 }],
    ['struct version 0', { version: 0 }],
    ['another size of the file struct', { szOsFile: 48 }],
    ['another name', { name: 'win32' }],
    ['no name', { name: '' }],
    ['a pointer outside memory', { vfsPointer: 0xffff_fff0 }],
    ['a null pointer', { vfsPointer: 0 }],
  ])('is refused with %s', (_, layout) => {
    const error = thrownBy(() => findDefaultVfs(sqlJsWith(layout)));
    expect(error).toMatchObject({ name: 'VfsError', code: 'UNSUPPORTED_SQLJS' });
  });
});
