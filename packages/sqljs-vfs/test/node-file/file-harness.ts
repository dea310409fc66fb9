/** What the storage suite needs of a file, whichever locks it has. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileStorage, type FileStorageOptions } from '../../src/storages/node-file/node-file.node.ts';
import type { StorageHarness } from '../../src/testing/index.ts';

/** The case that writes a gigabyte; it runs for the file with its ordinary locks. */
export const ONE_GIGABYTE_IS_ENOUGH = [
  {
    case: 'database: beyond 1 GiB the page with the lock bytes is unused and the file is intact',
    reason: 'one gigabyte per run is enough: the bytes take the same path as with other locks',
  },
] as const;

/** Makes the harness of a file in a folder of its own. */
export function fileHarness(options: FileStorageOptions = {}): StorageHarness {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sqljs-vfs-'));
  return {
    storage: () => fileStorage(path.join(folder, 'data.db'), options),
    remove: () => fs.rmSync(folder, { recursive: true }),
  };
}
