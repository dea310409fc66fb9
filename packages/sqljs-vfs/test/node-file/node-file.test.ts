import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { type StorageHarness, describeStorage } from '../../src/testing/index.ts';
import { NOT_FOR_ENCRYPTED_FILES } from '../contract/encrypted-skips.ts';

function folderHarness(options: { singleProcess: boolean }): StorageHarness {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sqljs-vfs-'));
  return {
    storage: () => fileStorage(path.join(folder, 'data.db'), options),
    remove: () => fs.rmSync(folder, { recursive: true }),
  };
}

const framework = { describe, expect, it };

describeStorage('file', () => folderHarness({ singleProcess: false }), { framework });

describeStorage(
  'file, encrypted',
  () => ({ ...folderHarness({ singleProcess: false }), key: new Uint8Array(32).fill(7) }),
  { framework, skip: NOT_FOR_ENCRYPTED_FILES },
);

describeStorage('file, single process', () => folderHarness({ singleProcess: true }), {
  framework,
  skip: [
    {
      case: 'database: beyond 1 GiB the page with the lock bytes is unused and the file is intact',
      reason: 'one gigabyte per run is enough: the bytes take the same path as with locks',
    },
  ],
});
