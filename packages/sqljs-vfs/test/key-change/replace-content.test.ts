/** The page of the new file that SQLite keeps for its locks. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { clearOldPages } from '../../src/key-change/replace-content.ts';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

const LOCK_BYTE_OFFSET = 0x40000000;

it.each([
  { oldPageSizeBytes: 512, pageCount: 1, keptBytes: 512 },
  { oldPageSizeBytes: 2048, pageCount: 9, keptBytes: 2048 },
  { oldPageSizeBytes: 4096, pageCount: 9, keptBytes: 8192 },
  { oldPageSizeBytes: 65_536, pageCount: 9, keptBytes: 8192 },
  // The file ends before that page.
  { oldPageSizeBytes: 512, pageCount: 0, keptBytes: 8192 },
])(
  'keeps no page of $oldPageSizeBytes bytes of the old file',
  ({ oldPageSizeBytes, pageCount, keptBytes }) => {
    // A file with a hole, so that a gigabyte costs nothing.
    const storage = fileStorage(path.join(temporaryFolder(), 'large.db'));
    const file = storage.open('main', { create: true, exclusive: false, readOnly: false });
    file.write(new Uint8Array(8192).fill(1), LOCK_BYTE_OFFSET);
    clearOldPages(file, oldPageSizeBytes, LOCK_BYTE_OFFSET + pageCount * 4096);
    const left = new Uint8Array(8192);
    file.read(left, LOCK_BYTE_OFFSET);
    file.close();
    storage.close?.();
    const wanted = new Uint8Array(8192).fill(1);
    if (keptBytes < 4096) wanted.fill(0, keptBytes, 4096);
    expect(left).toEqual(wanted);
  },
);
